/** Errors of a call: a refusal (`ClarionApiError`), or no answer (`ClarionConnectionError`). */
import type { ClarionCode } from '../codes.ts'

/** One problem: its place (JSON pointer), the rule, and a message. */
export interface Finding {
  path: string
  rule: string
  message: string
}

/** The platform answered with a refusal. Distinguish causes by `code`: codes are stable, messages are for people. */
export class ClarionApiError extends Error {
  /** `unexpected_answer`: the answer did not come from the platform, but from a proxy or another service. */
  readonly code: ClarionCode | 'unexpected_answer' | (string & {})
  /** The HTTP status. */
  readonly status: number
  readonly details: readonly Finding[]
  /** Identifies the call for the operator. */
  readonly requestId: string | undefined
  /** Whether the same call may succeed if it is repeated unchanged. */
  readonly retryable: boolean
  /** Seconds to wait before a retry, if the platform gave them. */
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

/** No answer: the connection failed, or the time ran out. `cause` is the reason. */
export class ClarionConnectionError extends Error {
  readonly code: 'network_error' | 'timeout'
  /** False only if no connection was established. Otherwise the call may have succeeded: check before repeating it. */
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

/** The platform ended a stream for good: `revoked`, `replaced`, `cursor_expired`, `token_expired`. */
export class ClarionStreamError extends Error {
  readonly reason: string
  /** Where the stream had come to. */
  readonly cursor: string

  constructor(reason: string, cursor: string) {
    super(`The stream was ended by the platform: ${reason}.`)
    this.name = 'ClarionStreamError'
    this.reason = reason
    this.cursor = cursor
  }
}
