/** Calls to the platform's API, as anybody would make them. */
import type { Clock } from '../src/clock.ts'

/** Tells the person at the terminal what to do; shown without a stack. */
export class DemoError extends Error {}

export interface Answer<T> {
  status: number
  /** `data` of a success. */
  data: T
  /** Of a failure. */
  code: string | undefined
  message: string
  nextCursor: string | null
  emitId: string | undefined
}

export interface Client {
  /** One call. Rejects only if there is no answer, never for a status. A string body is sent as it is. */
  call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>>
  /** A call that must succeed; rejects with the code otherwise. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>
  /** Every entry of a list, page by page. */
  list<T>(path: string): Promise<T[]>
}

const CALL_MS = 30_000
const PAGE = 100
const PAGES_MAX = 1_000

/** `signal` ends calls under way when the demo is interrupted. */
export function createClient({ base, key, signal }: { base: string; key: string; signal?: AbortSignal }): Client {
  async function call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const within = AbortSignal.timeout(CALL_MS)
    const answer = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, within]) : within,
    })
    const { data, error, meta } = (await answer.json()) as Envelope<T>
    return {
      status: answer.status,
      data: data as T,
      code: error?.code,
      message: error?.message ?? '',
      nextCursor: meta?.nextCursor ?? null,
      emitId: answer.headers.get('x-emit-id') ?? undefined,
    }
  }

  async function must<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const answer = await call<T>(method, path, body)
    if (answer.status < 300) return answer
    throw new DemoError(`${method} ${path} was answered ${answer.status} ${answer.code}: ${answer.message}`)
  }

  return {
    call,
    ask: async <T>(method: string, path: string, body?: unknown) => (await must<T>(method, path, body)).data,
    async list<T>(path: string) {
      const found: T[] = []
      let cursor: string | null = null
      for (let page = 0; page < PAGES_MAX; page++) {
        const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const { data, nextCursor }: Answer<T[]> = await must<T[]>('GET', `${path}?limit=${PAGE}${query}`)
        found.push(...data)
        if (nextCursor === null) return found
        cursor = nextCursor
      }
      throw new DemoError(`${path} does not end after ${PAGES_MAX} pages`)
    },
  }
}

interface Envelope<T> {
  data?: T
  error?: { code: string; message: string }
  meta?: { nextCursor?: string | null }
}

/** Asks every `everyMs` until there is an answer, or `withinMs` have passed: then undefined. */
export async function until<T>(
  clock: Clock,
  withinMs: number,
  everyMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadlineMs = clock.monotonicMs() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined || clock.monotonicMs() >= deadlineMs) return answer
    await clock.sleep(everyMs)
  }
}
