/** One call of the API. The session is a cookie; the header proves to the platform that the console makes the call. */
import { readJson } from './exact-json.ts'

export interface Finding {
  path: string
  rule: string
  message: string
}

/** An answer of the API that is an error, or a call that got none (`code` is then `unreachable`). */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly requestId: string | undefined
  readonly retryable: boolean
  readonly details: readonly Finding[]

  constructor(error: {
    code: string
    message: string
    status: number
    requestId?: string | undefined
    retryable?: boolean | undefined
    details?: readonly Finding[] | undefined
  }) {
    super(error.message)
    this.code = error.code
    this.status = error.status
    this.requestId = error.requestId
    this.retryable = error.retryable ?? false
    this.details = error.details ?? []
  }
}

export interface Page<T> {
  data: T
  nextCursor: string | null
  total: number | undefined
  totalAtLeast: number | undefined
}

export type Query = Record<string, string | number | boolean | undefined>

export interface CallOptions {
  query?: Query
  /** An object, or the text of the body as it is to be sent. */
  body?: unknown
  headers?: Record<string, string>
  /** Members whose JSON stays text. */
  asText?: readonly string[]
  signal?: AbortSignal
}

const PREFIX = '/api/v1'
const CALL_MS = 30_000

export async function callPage<T>(method: string, path: string, options: CallOptions = {}): Promise<Page<T>> {
  const answer = await send(method, path, options)
  const text = await answer.text()
  const body = bodyOf(text, answer, options.asText ?? []) as Envelope<T>
  if (!answer.ok || body.success !== true) throw errorOf(body, answer)
  const { meta } = body
  return {
    data: body.data as T,
    nextCursor: meta?.nextCursor ?? null,
    total: meta?.total,
    totalAtLeast: meta?.totalAtLeast,
  }
}

export async function call<T>(method: string, path: string, options?: CallOptions): Promise<T> {
  return (await callPage<T>(method, path, options)).data
}

interface Envelope<T> {
  success?: boolean
  data?: T
  meta?: { nextCursor?: string | null; total?: number; totalAtLeast?: number }
  error?: { code: string; message: string; requestId?: string; retryable?: boolean; details?: Finding[] }
}

async function send(method: string, path: string, { query, body, headers, signal }: CallOptions): Promise<Response> {
  const limit = AbortSignal.timeout(CALL_MS)
  try {
    return await fetch(`${PREFIX}${path}${queryText(query)}`, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        'x-clarion-console': '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError({ code: 'unreachable', message: 'The platform gave no answer.', status: 0, retryable: true })
  }
}

export function queryText(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  if (given.length === 0) return ''
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

function bodyOf(text: string, answer: Response, asText: readonly string[]): unknown {
  try {
    return readJson(text, answer.ok ? asText : [], true)
  } catch {
    throw new ApiError({
      code: 'unreadable_answer',
      message: `The answer (${answer.status}) is not JSON.`,
      status: answer.status,
      retryable: answer.status >= 500,
    })
  }
}

function errorOf({ error }: Envelope<unknown>, answer: Response): ApiError {
  if (error === undefined)
    return new ApiError({
      code: 'unreadable_answer',
      message: `The platform answered ${answer.status} without a reason.`,
      status: answer.status,
      retryable: answer.status >= 500,
    })
  return new ApiError({ ...error, status: answer.status })
}
