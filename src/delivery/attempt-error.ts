import type { ErrorKind } from '../../topics/audit-attempts.ts'

/** Why an attempt got no (whole) answer: a kind of C.10, and a sentence for the log. */
export class AttemptError extends Error {
  readonly kind: ErrorKind

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'AttemptError'
    this.kind = kind
  }
}
