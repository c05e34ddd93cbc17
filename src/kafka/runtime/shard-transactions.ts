/**
 * A running shard's transactions. While one commits the next one fills; there is no timer. One that fails on
 * organizations' topics alone, and is known to be aborted, is rolled back: its inputs are put back in front, those of
 * the affected organizations wait, and the others go on.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { OutRecord, Processor } from '../ports.ts'
import { encodedBytesMax } from '../protocol/encode-batch.ts'
import { CommitFailed } from '../write/transactional-writer.ts'
import type { InputQueue } from './input-queue.ts'
import type { PoisonIsolation } from './poison-isolation.ts'
import { emptyFilling, isEnded, type Running, type Session } from './session.ts'
import type { ShardPauses } from './shard-pauses.ts'

const INPUT_RECORDS_MAX = 2_000
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024
/** Records given to the task in one call: limits how long the event loop is blocked. */
const SLICE_RECORDS = 125

export interface ShardTransactions {
  /** Adds records to the transaction being filled. */
  write(session: Session, records: readonly OutRecord[], flushNow: boolean): void
  /** Soon. */
  schedule(): void
  /** Fills the transaction as far as its limits allow, and commits it if none is under way. */
  pump(session: Session): void
  uncommittedForMs(session: Session): number
}

export function createShardTransactions(deps: {
  processor: Processor
  clock: Clock
  logger: Logger
  inputs: InputQueue
  isolation: PoisonIsolation
  pauses: ShardPauses
  current(): Session | undefined
  isDraining(): boolean
  /** Whether this process alone may cause its effects outside of transactions. */
  isHeld(): boolean
  onCommit(seconds: number, records: number): void
  /** The session is over. */
  end(session: Session, error: unknown): void
  /** The lease is lost. */
  suspend(): void
}): ShardTransactions {
  const { processor, clock, inputs, isolation, pauses, end } = deps
  let isScheduled = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      const session = deps.current()
      if (session) pump(session)
    })
  }

  function pump(session: Session): void {
    const running = session.phase
    if (running.name !== 'running') return
    try {
      fill(session, running)
      if (isEnded(session)) return
      const { filling } = session
      if (!filling.isDirty && !running.isCommitting) {
        inputs.renew()
        // Full of inputs without output so far: committed as it is, so that the others do not wait for them.
        if (filling.inputs >= INPUT_RECORDS_MAX) filling.isDirty = true
      }
      if (filling.isDirty && !running.isCommitting && mayCommit(session, running))
        commit(session, running).catch(error => fail(session, running, error))
      if (mayTake(session, running)) schedule()
    } catch (error) {
      end(session, error)
    }
  }

  const mayCommit = (session: Session, running: Running): boolean =>
    deps.isDraining() || session.filling.flushNow || !hasRoom(session, running) || session.pacing.isDue()

  function hasRoom({ filling }: Session, running: Running): boolean {
    if (filling.inputs >= INPUT_RECORDS_MAX || filling.bytes >= OUTPUT_BYTES_MAX) return false
    // A lone record without output is not committed: nothing waits for it.
    return !isolation.alone() || (!filling.isDirty && !running.isCommitting)
  }

  /**
   * Whether there is something to take now, and space for it; an isolated record only once all before it has been
   * committed.
   */
  function mayTake(session: Session, running: Running): boolean {
    if (deps.isDraining() || !inputs.ready() || isEnded(session)) return false
    return isolation.any(inputs.isTakeable)
      ? !session.filling.isDirty && !running.isCommitting
      : hasRoom(session, running)
  }

  function fill(session: Session, running: Running): void {
    if (!mayTake(session, running)) return
    // After a transaction failed on its records, one record at a time until the one at fault is found.
    const isOne = isolation.any(inputs.isTakeable)
    const { filling } = session
    const taken = inputs.take(isOne ? 1 : Math.min(SLICE_RECORDS, INPUT_RECORDS_MAX - filling.inputs))
    if (!taken) return
    const { topic, partition, records, nextOffset } = taken
    let isIsolated = false
    if (isOne) isIsolated = isolation.enter(topic, partition, nextOffset)
    else isolation.note(topic, partition, nextOffset)
    if (!isOne) filling.inputs += records.length
    running.task.receive(records, nextOffset, isIsolated)
  }

  async function commit(session: Session, running: Running): Promise<void> {
    // The process was stopped for longer than its lease: it must not commit over the work of others.
    if (processor.actsOutside && !deps.isHeld()) {
      deps.suspend()
      return
    }
    running.isCommitting = true
    const startedAtMs = clock.monotonicMs()
    const sealed = session.filling
    const records = sealed.records.concat(running.task.seal())
    if (records.length > 0) records.unshift(...running.marks.due(running.writer))
    isolation.sealed()
    inputs.sealed()
    inputs.renew()
    session.pacing.begin(sealed.inputs)
    running.outputSinceMs = sealed.outputSinceMs
    session.filling = emptyFilling()
    await running.writer.commit(records)
    running.marks.written(records)
    deps.onCommit((clock.monotonicMs() - startedAtMs) / 1000, records.length)
    running.isCommitting = false
    running.outputSinceMs = undefined
    isolation.committed()
    if (isEnded(session)) return
    inputs.committed()
    running.task.committed?.()
    pauses.committed(records)
    pump(session)
  }

  function fail(session: Session, running: Running, error: unknown): void {
    if (isEnded(session)) return
    if (!isForOneOrganization(running, error)) {
      end(session, error)
      return
    }
    try {
      rollBack(session, running, error)
      pump(session)
    } catch (fault) {
      end(session, fault)
    }
  }

  /** Certain to be aborted, and only because of topics of organizations that can be paused. */
  const isForOneOrganization = (running: Running, error: unknown): error is CommitFailed =>
    error instanceof CommitFailed &&
    error.outcome === 'aborted' &&
    error.abortConfirmed &&
    error.failedTopics.length > 0 &&
    running.task.rollback !== undefined &&
    error.failedTopics.every(({ topic }) => pauses.isPausable(topic))

  function rollBack(session: Session, running: Running, { failedTopics }: CommitFailed): void {
    deps.logger.warn(
      { failedTopics },
      'a transaction is rolled back: topics of organizations take nothing now; the others go on',
    )
    running.isCommitting = false
    running.outputSinceMs = undefined
    session.filling = emptyFilling()
    isolation.reset()
    pauses.failed(failedTopics)
    running.task.rollback!()
    inputs.putBack()
  }

  return {
    write(session, records, flushNow) {
      const { filling } = session
      for (const record of records) {
        filling.records.push(record)
        filling.bytes += encodedBytesMax(record)
      }
      if (records.length > 0) filling.outputSinceMs ??= clock.monotonicMs()
      filling.isDirty = true
      filling.flushNow ||= flushNow
      schedule()
    },
    schedule,
    pump,
    uncommittedForMs({ phase, filling }) {
      const sinceMs = (phase.name === 'running' ? phase.outputSinceMs : undefined) ?? filling.outputSinceMs
      return sinceMs === undefined || phase.name === 'ended' ? 0 : clock.monotonicMs() - sinceMs
    },
  }
}
