/** One attempt: a request, and its parsed answer. */
import type { Clock } from '../clock.ts'
import { onAbort } from '../on-abort.ts'
import { readJson } from '../read-json.ts'
import { ClarionApiError, ClarionConnectionError, type ErrorFacts } from './errors.ts'
import { checkTimeout } from './settings.ts'
import type { Answer, Request } from './transport.ts'

export interface ExchangeSettings {
  baseUrl: string
  apiKey: string
  timeoutMs: number
  fetch: typeof fetch
  clock: Clock
}

export const VERSION = '0.1.0'
export const USER_AGENT = `clarion-sdk-typescript/${VERSION}`
/** Errors before any connection: the call had no effect. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** In place of an id that is empty; no id holds it. */
export const NO_ID = '\u0000'

/** Throws `ClarionApiError`, `ClarionConnectionError`, the reason of the caller's signal, or a TypeError for its mistakes. */
export async function exchange<T>(settings: ExchangeSettings, request: Request): Promise<Answer<T>> {
  const { clock, fetch } = settings
  const timeoutMs = request.timeoutMs ?? settings.timeoutMs
  checkTimeout(timeoutMs)
  const [url, init] = [urlOf(settings.baseUrl, request), initOf(settings.apiKey, request)]
  const controller = new AbortController()
  request.signal?.throwIfAborted()
  const ignore = onAbort(request.signal, () => controller.abort(request.signal?.reason))
  let timedOut = false
  const timer = clock.after(timeoutMs, () => {
    timedOut = true
    controller.abort()
  })
  try {
    // Not a call of a method: fetch of a worker refuses another `this`.
    const response = await fetch(url, { ...init, signal: controller.signal })
    request.onHeaders?.(response.headers)
    return readAnswer<T>(response, await response.text(), clock, request.answer)
  } catch (error) {
    if (error instanceof ClarionApiError) throw error
    request.signal?.throwIfAborted()
    throw timedOut ? timeout(timeoutMs, error) : unreachable(settings.baseUrl, error)
  } finally {
    timer.cancel()
    ignore()
  }
}

export function urlOf(baseUrl: string, { path, isWholePath = false, query = {} }: Request): URL {
  if (path.includes(NO_ID)) throw new TypeError('An id is a text that is not empty.')
  const base = baseUrl.replace(/\/+$/, '').replace(/\/api\/v1$/, '')
  const url = new URL(`${base}${isWholePath ? '' : '/api/v1'}${path}`)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

function initOf(apiKey: string, { method, body, headers }: Request): RequestInit {
  const fixed = { authorization: `Bearer ${apiKey}`, accept: 'application/json', 'user-agent': USER_AGENT, ...headers }
  // A redirect would carry the key to another server.
  if (body === undefined) return { method, headers: fixed, redirect: 'manual' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { method, headers: { ...fixed, 'content-type': 'application/json' }, body: text, redirect: 'manual' }
}

export function readAnswer<T>(
  response: Response,
  text: string,
  clock: Clock,
  kind: Request['answer'] = 'data',
): Answer<T> {
  if (response.ok && kind === 'text') return { data: text as T, nextCursor: null }
  const retryAfterS = retryAfterOf(response.headers.get('retry-after'), clock)
  const body = parseJson(text) as
    | {
        success?: boolean
        data?: T
        meta?: { nextCursor?: string | null; [member: string]: unknown }
        error?: ErrorFacts
      }
    | undefined
  if (response.ok && kind === 'json' && body !== undefined) return { data: body as T, nextCursor: null }
  if (response.ok && body?.success === true)
    return { data: body.data as T, nextCursor: body.meta?.nextCursor ?? null, meta: body.meta ?? {} }
  if (typeof body?.error?.code === 'string') throw new ClarionApiError(response.status, body.error, retryAfterS)
  const message = `The answer (${response.status}) is not one of a Clarion platform: ${text.slice(0, 200)}`
  throw new ClarionApiError(response.status, { code: 'unexpected_answer', message }, retryAfterS)
}

function parseJson(text: string): unknown {
  try {
    return readJson(text)
  } catch {
    return undefined
  }
}

/** Seconds, or an HTTP date. */
function retryAfterOf(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - clock.nowMs()) / 1_000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}

function timeout(timeoutMs: number, cause: unknown): ClarionConnectionError {
  return new ClarionConnectionError('timeout', `No answer within ${timeoutMs / 1_000} s.`, {
    cause,
    mayHaveBeenDone: true,
  })
}

export function unreachable(baseUrl: string, cause: unknown): ClarionConnectionError {
  const { cause: inner, message } = cause as {
    cause?: { code?: string; message?: string; errors?: Array<{ code?: string }> }
    message?: string
  }
  const codes = [inner?.code, ...(inner?.errors ?? []).map(each => each.code)].filter(code => code !== undefined)
  const mayHaveBeenDone = codes.length === 0 || !codes.every(code => NEVER_SENT.has(code))
  const why = inner?.message || codes.join(', ') || message
  return new ClarionConnectionError('network_error', `No answer from ${baseUrl}: ${why}`, { cause, mayHaveBeenDone })
}
