/** A receive that waits. */
import type { ReceiveBody } from '../../src/queues/calls.ts'
import type { Settled } from '../../src/queues/rules.ts'
import type { Asker } from './answers.ts'

export interface Waiting {
  asker: Asker
  body: ReceiveBody
  results: Settled[]
  /** Monotonic. */
  untilMs: number
  /** The log was looked at for it. */
  hasLooked: boolean
}
