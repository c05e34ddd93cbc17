/**
 * One call over HTTP, with the behaviour of C.16: 10 s for each attempt, two retries with jitter, only where there was no answer, a 5xx or a
 * 429, and `Retry-After` is honoured. What would be done twice if it were repeated is repeated only when it was certainly not done.
 */
import { type Clock, type Random, sleep } from '../clock.ts'
import { ClarionApiError, ClarionConnectionError } from './errors.ts'
import { exchange } from './exchange.ts'
import type { NewWebhook } from './types.ts'

export interface ClientOptions {
  /** Where the platform is, such as `http://127.0.0.1:8080`; with or without `/api/v1`. */
  baseUrl: string
  apiKey: string
  /** For each attempt, the answer's body included. 10,000 unless said. */
  timeoutMs?: number
  /** 2 unless said; 0 for none. */
  retries?: number
  /** A `Retry-After` beyond this is not waited for: the error tells it. 30 unless said. */
  retryAfterMaxS?: number
  /** Laid under every `webhooks.create`: `{ wireFormat: 'platforma', signatureProfiles: ['platforma'] }` for receivers of that kind. */
  webhookDefaults?: Partial<NewWebhook>
  fetch?: typeof fetch
  clock?: Clock
  random?: Random
}

export interface Request {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`. */
  path: string
  query?: object | undefined
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown
  headers?: Record<string, string>
  /** It makes something new each time it is done, and nothing tells a repetition from a second wish. */
  onlyOnce?: boolean
  signal?: AbortSignal | undefined
}

export interface Answer<T> {
  data: T
  nextCursor: string | null
}

export type Send = <T>(request: Request) => Promise<Answer<T>>

const BACKOFF_MS = 200
const DEFAULTS = { timeoutMs: 10_000, retries: 2, retryAfterMaxS: 30 }

export function createSend(options: ClientOptions & { clock: Clock; random: Random }): Send {
  const { clock, random } = options
  const settings = { ...DEFAULTS, fetch, ...definedOf(options) }

  /** Undefined: not worth another attempt. */
  function delayMsAfter(error: unknown, attempt: number, request: Request): number | undefined {
    if (attempt > settings.retries || !mayRepeat(error, request)) return undefined
    const backoffMs = BACKOFF_MS * 2 ** (attempt - 1) * (1 - random.uniform() / 2)
    const retryAfterS = error instanceof ClarionApiError ? (error.retryAfterS ?? 0) : 0
    return retryAfterS > settings.retryAfterMaxS ? undefined : Math.max(backoffMs, retryAfterS * 1_000)
  }

  return async <T>(request: Request) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await exchange<T>(settings, request)
      } catch (error) {
        const delayMs = delayMsAfter(error, attempt, request)
        if (delayMs === undefined) throw error
        await sleep(clock, delayMs, request.signal)
      }
    }
  }
}

/** 502 `bus_relay_failed` says itself that it must not be repeated (C.11.4). */
function mayRepeat(error: unknown, { onlyOnce = false }: Request): boolean {
  if (error instanceof ClarionConnectionError) return !(onlyOnce && error.mayHaveBeenDone)
  if (!(error instanceof ClarionApiError)) return false
  return error.status === 429 || (error.status >= 500 && error.retryable && !onlyOnce)
}

/** So that an option given as undefined counts as not given. */
function definedOf<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
