import type { ErrorKind } from '../../topics/audit-attempts.ts'

/** Why an attempt got no (whole) answer: a kind, and a sentence for the log. */
export class AttemptError extends Error {
  readonly kind: ErrorKind
  /** Of the answer that is the error. */
  readonly status: number | null

  constructor(kind: ErrorKind, message: string, { status, ...options }: { cause?: unknown; status?: number } = {}) {
    super(message, options)
    this.name = 'AttemptError'
    this.kind = kind
    this.status = status ?? null
  }
}
