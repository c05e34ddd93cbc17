import type { ErrorKind } from '../../topics/audit-attempts.ts'

/** The reason why an attempt got no complete answer: a kind, and a sentence for the log. */
export class AttemptError extends Error {
  readonly kind: ErrorKind
  /** Status of the answer that is the error. */
  readonly status: number | null

  constructor(kind: ErrorKind, message: string, { status, ...options }: { cause?: unknown; status?: number } = {}) {
    super(message, options)
    this.name = 'AttemptError'
    this.kind = kind
    this.status = status ?? null
  }
}
