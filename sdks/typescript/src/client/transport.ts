/**
 * One call over HTTP: 10 s for each attempt and two retries with jitter, only without an answer or after a 5xx or 429;
 * `Retry-After` is honoured. A call that must not be made twice is retried only when it certainly had no effect.
 */
import { type Clock, type Random, sleep } from '../clock.ts'
import { ClarionApiError, ClarionConnectionError } from './errors.ts'
import { exchange } from './exchange.ts'
import type { NewWebhook } from './types.ts'

export interface ClientOptions {
  /** Address of the platform, such as `http://127.0.0.1:8080`; with or without `/api/v1`. */
  baseUrl: string
  apiKey: string
  /** For each attempt, the answer's body included. Default 10,000. */
  timeoutMs?: number
  /** Default 2; 0 for none. */
  retries?: number
  /** A longer `Retry-After` is not waited for, but reported in the error. Default 30. */
  retryAfterMaxS?: number
  /**
   * Defaults of every `webhooks.create`: `{ wireFormat: 'platforma', signatureProfiles: ['platforma'] }` for receivers
   * of that kind.
   */
  webhookDefaults?: Partial<NewWebhook>
  fetch?: typeof fetch
  clock?: Clock
  random?: Random
}

export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`; `isWholePath`: below the address of the platform. */
  path: string
  isWholePath?: boolean
  query?: object | undefined
  /** Sent as JSON; a string is sent unchanged. */
  body?: unknown
  headers?: Record<string, string>
  /** Each call creates something new, and the platform cannot distinguish a retry from a second call. */
  onlyOnce?: boolean
  /** For each attempt, instead of the client's own. */
  timeoutMs?: number
  signal?: AbortSignal | undefined
  /** Called with the headers of an answer, before it is read. */
  onHeaders?(headers: Headers): void
  /** `json`, `text`: an answer without the envelope. Default `data`. */
  answer?: 'data' | 'json' | 'text'
}

export interface Answer<T> {
  data: T
  nextCursor: string | null
  meta?: Record<string, unknown>
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

/** 502 `bus_relay_failed` declares itself not retryable. */
function mayRepeat(error: unknown, { onlyOnce = false }: Request): boolean {
  if (error instanceof ClarionConnectionError) return !(onlyOnce && error.mayHaveBeenDone)
  if (!(error instanceof ClarionApiError)) return false
  return error.status === 429 || (error.status >= 500 && error.retryable && !onlyOnce)
}

/** Removes undefined members, so that they count as absent. */
function definedOf<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
