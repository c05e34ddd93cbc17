/** One session of a shard: from one opening of its writer to its end. */
import type { OutRecord, ShardTask } from '../ports.ts'
import type { TransactionalWriter } from '../write/transactional-writer.ts'
import type { Pacing } from './pacing.ts'
import type { ProducerMarks } from './producer-mark.ts'
import type { Restore } from './restore.ts'

/** The transaction being filled. */
export interface Filling {
  records: OutRecord[]
  bytes: number
  inputs: number
  /** It is to be committed. */
  isDirty: boolean
  /** A caller waits for it. */
  flushNow: boolean
  /** Of its oldest output; monotonic. */
  outputSinceMs: number | undefined
}

export const emptyFilling = (): Filling => ({
  records: [],
  bytes: 0,
  inputs: 0,
  isDirty: false,
  flushNow: false,
  outputSinceMs: undefined,
})

interface New {
  name: 'new'
}
interface Opening {
  name: 'opening'
  task: ShardTask
  /** Aborts the opening of the writer. */
  stop: AbortController
}
interface Restoring {
  name: 'restoring'
  task: ShardTask
  writer: TransactionalWriter
  restore: Restore
}
export interface Running {
  name: 'running'
  task: ShardTask
  writer: TransactionalWriter
  marks: ProducerMarks
  isCommitting: boolean
  /** Of the oldest output in the transaction that commits; monotonic. */
  outputSinceMs: number | undefined
}
interface Ended {
  name: 'ended'
}

export interface Session {
  phase: New | Opening | Restoring | Running | Ended
  filling: Filling
  readonly pacing: Pacing
  /** Settles when nothing of the opening is under way any more. */
  opened: Promise<void>
}

export const ENDED: Ended = { name: 'ended' }

export const isEnded = (session: Session): boolean => session.phase.name === 'ended'
