import { RECORD_REFUSED } from '../protocol/error-codes.ts'
import type { KafkaError } from '../protocol/wire.ts'

/** The broker did not acknowledge. */
export class AppendFailed extends Error {
  /** The broker will never take these bytes. */
  readonly refused: boolean
  /** Whether the record may still be in the log; false: it was never sent, or refused. */
  readonly mayBeThere: boolean

  constructor(cause: KafkaError, mayBeThere: boolean) {
    super(`not acknowledged: ${cause.message}`, { cause })
    this.name = 'AppendFailed'
    this.refused = RECORD_REFUSED.has(cause.type)
    this.mayBeThere = mayBeThere
  }
}
