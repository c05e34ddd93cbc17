/** The building blocks of the client: calls below one path. */
import { NO_ID } from './exchange.ts'
import { each } from './pages.ts'
import type { Request, Send } from './transport.ts'
import type { CallOptions, Page, Paging } from './types.ts'

interface More extends CallOptions {
  headers?: Record<string, string>
  /** See `Request.onlyOnce`. */
  onlyOnce?: boolean
  onHeaders?(headers: Headers): void
}

export type Calls = ReturnType<typeof createCalls>

/** `base`: below `/api/v1`. */
export function createCalls(send: Send, base: string) {
  async function one<T>(
    method: Request['method'],
    path: string,
    body?: unknown,
    { signal, ifMatch, headers = {}, onlyOnce = false, onHeaders }: More = {},
  ) {
    const all: Record<string, string> = ifMatch === undefined ? headers : { ...headers, 'if-match': String(ifMatch) }
    const further = onHeaders === undefined ? {} : { onHeaders }
    return (await send<T>({ method, path: base + path, body, headers: all, onlyOnce, signal, ...further })).data
  }
  return {
    get: <T>(path: string, options?: CallOptions) => one<T>('GET', path, undefined, options),
    /** With a query, and one answer. */
    getWhere: async <T>(path: string, query: object, { signal }: CallOptions) =>
      (await send<T>({ method: 'GET', path: base + path, query, signal })).data,
    post: <T>(path: string, body?: unknown, options?: More) => one<T>('POST', path, body, options),
    /** A POST that creates something new each time. */
    postOnce: <T>(path: string, body?: unknown, options?: CallOptions) =>
      one<T>('POST', path, body, { ...options, onlyOnce: true }),
    /** A change that adds to what it was before. */
    patchOnce: <T>(path: string, body: unknown, options?: CallOptions) =>
      one<T>('PATCH', path, body, { ...options, onlyOnce: true }),
    put: <T>(path: string, body: unknown, options?: CallOptions) => one<T>('PUT', path, body, options),
    patch: <T>(path: string, body: unknown, options?: CallOptions) => one<T>('PATCH', path, body, options),
    delete: <T>(path: string, options?: CallOptions) => one<T>('DELETE', path, undefined, options),
    /** With a body that says what to delete. */
    deleteWhere: <T>(path: string, body: unknown, options?: CallOptions) => one<T>('DELETE', path, body, options),
    async list<T>(path: string, query: object, { signal }: CallOptions): Promise<Page<T>> {
      const { data, nextCursor } = await send<T[]>({ method: 'GET', path: base + path, query, signal })
      return { data, nextCursor }
    },
    each: <T>(path: string, query: Paging, { signal }: CallOptions) =>
      each(query, page => send<T[]>({ method: 'GET', path: base + path, query: page, signal })),
  }
}

/** An id as a path segment. The call is refused if it is empty: it would be another one, that of the list. */
export const at = (id: string): string => (isId(id) ? `/${encodeURIComponent(id)}` : `/${NO_ID}`)

const isId = (id: unknown): boolean => typeof id === 'string' && id !== '' && id !== '.' && id !== '..'
