/** What a call can fail with: an answer that refuses (`ClarionApiError`), or no answer (`ClarionConnectionError`). */
import type { ClarionCode } from '../codes.ts'

/** One thing that is wrong: where (JSON pointer), which rule, in words. */
export interface Finding {
  path: string
  rule: string
  message: string
}

/** The platform answered, and refused. Tell causes apart by `code`: codes are stable, messages are for people. */
export class ClarionApiError extends Error {
  /** `unexpected_answer`: it is not the platform that answered (a proxy, another service). */
  readonly code: ClarionCode | 'unexpected_answer' | (string & {})
  /** Of HTTP. */
  readonly status: number
  readonly details: readonly Finding[]
  /** Helps the operator to find the call. */
  readonly requestId: string | undefined
  /** Whether the same call may succeed if it is repeated unchanged. */
  readonly retryable: boolean
  /** How long to wait before that, in seconds, if the platform said so. */
  readonly retryAfterS: number | undefined
  /** `bus_relay_failed` only: the emit is kept under this id; redrive it, do not emit it again. */
  readonly emitId: string | undefined

  constructor(status: number, facts: ErrorFacts, retryAfterS?: number) {
    super(facts.message)
    this.name = 'ClarionApiError'
    this.code = facts.code
    this.status = status
    this.details = facts.details ?? []
    this.requestId = facts.requestId
    this.retryable = facts.retryable ?? (status === 429 || status >= 500)
    this.retryAfterS = retryAfterS
    this.emitId = facts.emitId
  }
}

/** `error` of a refusal. */
export interface ErrorFacts {
  code: string
  message: string
  details?: Finding[]
  requestId?: string
  retryable?: boolean
  emitId?: string
}

/** Nobody answered: the connection failed, or the time ran out. `cause` says why. */
export class ClarionConnectionError extends Error {
  readonly code: 'network_error' | 'timeout'
  /** False only if the connection was never made. Otherwise what was asked for may have been done: look before repeating it. */
  readonly mayHaveBeenDone: boolean

  constructor(
    code: 'network_error' | 'timeout',
    message: string,
    options: { cause: unknown; mayHaveBeenDone: boolean },
  ) {
    super(message, { cause: options.cause })
    this.name = 'ClarionConnectionError'
    this.code = code
    this.mayHaveBeenDone = options.mayHaveBeenDone
  }
}
