/**
 * The topic `control`: read by every process, written by one at a time. Linearizable: the transactional id fences every
 * other writer, and nothing is decided before the process's own view has reached a record that this writer wrote when
 * it opened.
 */
import { control } from '../../../topics/control.ts'
import type { Clock } from '../../clock.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import { LEADER_MOVED } from '../../kafka/protocol/error-codes.ts'
import { retryTransient } from '../../kafka/protocol/retry-transient.ts'
import { KafkaError, type KafkaSettings, type Wire } from '../../kafka/protocol/wire.ts'
import { createLogReader } from '../../kafka/read/log-reader.ts'
import type { ReaderWatch } from '../../kafka/read/reader-watch.ts'
import type { ProducedBatch } from '../../kafka/write/produce.ts'
import {
  CommitFailed,
  openTransactionalWriter,
  type TransactionalWriter,
} from '../../kafka/write/transactional-writer.ts'
import type { Logger } from '../../logger.ts'
import { runAs } from '../../process/work.ts'
import { type ControlLog, ControlLogError } from './control-log.ts'

const TRANSACTIONAL_ID = 'control-writer'
const CATCH_UP_TIMEOUT_MS = 10_000
const START_TIMEOUT_MS = 60_000
/** Key of the record without a value that each writer writes before its first change. */
const BARRIER = 'barrier'

export interface ControlTail {
  /** Position of the reader: every record before it has been applied. */
  nextOffset(): number
  /** Resolves when `nextOffset` ≥ `offset`; false after the timeout. */
  reach(offset: number, timeoutMs: number): Promise<boolean>
  close(): Promise<void>
}

/**
 * Reads `control` from its beginning for as long as it is open; resolves at the end offset of the start. A partition
 * without a leader is waited for, at the start as well as later. Rejects, later calls `onFatal`, when applied records
 * are no longer in the topic.
 */
export async function tailControl(deps: {
  kafka: KafkaSettings
  wire: Wire
  clock: Clock
  logger: Logger
  apply(record: LogRecord): void
  onFatal(error: Error): void
  watch?: ReaderWatch
}): Promise<ControlTail> {
  let position = 0
  const waiting = new Set<{ offset: number; resolve: (reached: boolean) => void }>()
  // Until the end is reached, an unreadable topic fails the start, and everything started so far is closed.
  let unreadable: Error | undefined
  let fail = (error: Error) => {
    unreadable = error
    for (const waiter of waiting) waiter.resolve(false)
  }
  const reader = createLogReader({
    kafka: deps.kafka,
    clock: deps.clock,
    logger: deps.logger,
    watch: deps.watch,
    events: {
      onRecords(_topic, _partition, records, nextOffset) {
        for (const record of records) deps.apply(record)
        position = nextOffset
        for (const waiter of waiting) if (position >= waiter.offset) waiter.resolve(true)
      },
      // The view holds records that are no longer in the topic: it must be rebuilt from the beginning.
      onReplaced: () =>
        fail(new Error(`the topic ${control.name} was deleted and made again. Restore it from a backup or a replica`)),
      onGap: (_topic, _partition, { from, to, reason }) =>
        fail(
          new Error(
            `the topic ${control.name} was read to offset ${from} and goes on at ${to} (${reason}); it is read again from its start`,
          ),
        ),
      onFatal: error => fail(error),
    },
  })
  const tail: ControlTail = {
    nextOffset: () => position,
    reach(offset, timeoutMs) {
      if (position >= offset) return Promise.resolve(true)
      return new Promise(resolve => {
        const timer = deps.clock.after(timeoutMs, () => finish(false))
        const finish = (reached: boolean) => {
          timer.cancel()
          waiting.delete(waiter)
          resolve(reached)
        }
        const waiter = { offset, resolve: finish }
        waiting.add(waiter)
      })
    },
    close: () => reader.close(),
  }
  try {
    reader.assign(control.name, 0, 'earliest')
    const end = await endOf(deps)
    while (!(await tail.reach(end, START_TIMEOUT_MS))) {
      if (unreadable) throw unreadable
      if (reader.waiting().length === 0)
        throw new Error(`the topic ${control.name} could not be read to its end within 60 s`)
    }
  } catch (error) {
    await reader.close()
    throw error
  }
  fail = deps.onFatal
  return tail
}

/** The offset behind the last record that these batches have in `control`. */
function offsetAfter(batches: readonly ProducedBatch[]): number {
  const own = batches.filter(({ records }) => records[0]!.topic === control.name)
  return Math.max(0, ...own.map(({ baseOffset, records }) => baseOffset + records.length))
}

/**
 * The end offset, from a leader. A former leader may answer a smaller one: then the view lags for a moment, and nothing
 * is decided by it.
 */
async function endOf(deps: { wire: Wire; clock: Clock; logger: Logger }): Promise<number> {
  for (;;) {
    try {
      return await retryTransient(deps.clock, () => deps.wire.offset(control.name, 0, 'latest'))
    } catch (error) {
      if (!(error instanceof KafkaError) || !LEADER_MOVED.has(error.type)) throw error
      deps.logger.warn({ error: String(error) }, 'the topic of the control plane has no leader; waiting for it')
    }
  }
}

export interface ControlTopicLog extends ControlLog {
  close(): Promise<void>
}

export function createControlLog(deps: {
  kafka: KafkaSettings
  tail: ControlTail
  clock: Clock
  logger: Logger
}): ControlTopicLog {
  const { tail, clock } = deps
  let open: TransactionalWriter | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const closing = new AbortController()

  async function opened(): Promise<TransactionalWriter> {
    if (open) return open
    const { kafka, logger } = deps
    const writer = await openTransactionalWriter({
      kafka,
      transactionalId: TRANSACTIONAL_ID,
      clock,
      logger,
      signal: closing.signal,
    })
    open = writer
    // Earlier writers are fenced now, so that none of their records can follow the barrier. An end offset may come from
    // a former leader.
    const barrier = { topic: control.name, partition: 0, key: BARRIER, value: null }
    if (!(await tail.reach(offsetAfter(await writer.commit([barrier])), CATCH_UP_TIMEOUT_MS)))
      throw new ControlLogError('aborted', 'the control plane could not be read to its end in time')
    return writer
  }

  async function shut(): Promise<void> {
    const last = open
    open = undefined
    await Promise.allSettled([last?.close()])
  }

  async function transact(build: Parameters<ControlLog['transact']>[0]): Promise<{ lastOffset: number }> {
    const writer = await opened().catch(async error => {
      await shut()
      throw error instanceof ControlLogError ? error : new ControlLogError('aborted', String(error), { cause: error })
    })
    const { records } = build()
    let lastOffset: number
    try {
      lastOffset = offsetAfter(await writer.commit(records)) - 1
    } catch (error) {
      await shut()
      const outcome = error instanceof CommitFailed && error.outcome === 'unknown' ? 'unknown' : 'aborted'
      throw new ControlLogError(outcome, String(error), { cause: error })
    }
    if (!(await tail.reach(lastOffset + 1, CATCH_UP_TIMEOUT_MS))) {
      throw new ControlLogError('unknown', 'the change is written, but this process could not read it in time')
    }
    return { lastOffset }
  }

  return {
    transact(build) {
      const result = turn.then(() => runAs(undefined, () => transact(build))) // others use the connections that it opens
      turn = result.catch(() => undefined)
      return result
    },
    close() {
      closing.abort()
      return shut()
    },
  }
}
