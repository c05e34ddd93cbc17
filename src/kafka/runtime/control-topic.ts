/**
 * The topic `control` as every process reads it, and as the one writer of the moment writes it. Linearizable: the transactional id fences
 * every other writer, and nothing is decided before the own view has reached the end of the topic.
 */
import { control } from '../../../topics/control.ts'
import type { Clock } from '../../clock.ts'
import { type ControlLog, ControlLogError } from '../../control-plane/control-log.ts'
import type { Logger } from '../../observability/logger.ts'
import { runAs } from '../../work.ts'
import type { LogRecord } from '../ports.ts'
import { patiently } from '../protocol/retry-transient.ts'
import { type KafkaSettings, openWire, type Wire } from '../protocol/wire.ts'
import { createLogReader } from '../read/log-reader.ts'
import { CommitFailed, openTransactionalWriter, type TransactionalWriter } from '../write/transactional-writer.ts'

const TRANSACTIONAL_ID = 'control-writer'
const CATCH_UP_TIMEOUT_MS = 10_000

export interface ControlTail {
  /** Position of the reader: everything before it has been applied. */
  nextOffset(): number
  /** Resolves when `nextOffset` ≥ `offset`; false after the timeout. */
  reach(offset: number, timeoutMs: number): Promise<boolean>
  close(): Promise<void>
}

/** Reads `control` from its beginning for as long as it is open; resolves when it has reached today's end. */
export async function tailControl(deps: {
  kafka: KafkaSettings
  wire: Wire
  clock: Clock
  logger: Logger
  apply(record: LogRecord): void
  onFatal(error: Error): void
}): Promise<ControlTail> {
  let position = 0
  const waiting = new Set<{ offset: number; resolve: (reached: boolean) => void }>()
  // Until its end is reached, what makes it unreadable ends the start: all that has started is closed then.
  let unreadable: Error | undefined
  let fail = (error: Error) => {
    unreadable = error
    for (const waiter of waiting) waiter.resolve(false)
  }
  const reader = createLogReader({
    kafka: deps.kafka,
    clock: deps.clock,
    logger: deps.logger,
    events: {
      onRecords(_topic, _partition, records, nextOffset) {
        for (const record of records) deps.apply(record)
        position = nextOffset
        for (const waiter of waiting) if (position >= waiter.offset) waiter.resolve(true)
      },
      onLost: (_topic, _partition, reason) => fail(new Error(`the topic ${control.name} cannot be read: ${reason}`)),
      onFatal: error => fail(error),
    },
  })
  const tail: ControlTail = {
    nextOffset: () => position,
    reach(offset, timeoutMs) {
      if (position >= offset) return Promise.resolve(true)
      return new Promise(resolve => {
        const timer = deps.clock.after(timeoutMs, () => settle(false))
        const settle = (reached: boolean) => {
          timer.cancel()
          waiting.delete(waiter)
          resolve(reached)
        }
        const waiter = { offset, resolve: settle }
        waiting.add(waiter)
      })
    },
    close: () => reader.close(),
  }
  try {
    const end = await patiently(deps.clock, () => deps.wire.offset(control.name, 0, 'latest'))
    reader.assign(control.name, 0, 'earliest')
    if (!(await tail.reach(end, 60_000)))
      throw unreadable ?? new Error(`the topic ${control.name} could not be read to its end within 60 s`)
  } catch (error) {
    await reader.close()
    throw error
  }
  fail = deps.onFatal
  return tail
}

export interface ControlTopicLog extends ControlLog {
  close(): Promise<void>
}

export function createControlLog(deps: { kafka: KafkaSettings; tail: ControlTail; clock: Clock; logger: Logger }): ControlTopicLog {
  const { tail, clock } = deps
  let open: { writer: TransactionalWriter; wire: Wire } | undefined
  let turn: Promise<unknown> = Promise.resolve()

  async function opened(): Promise<TransactionalWriter> {
    if (open) return open.writer
    const writer = await openTransactionalWriter({ kafka: deps.kafka, transactionalId: TRANSACTIONAL_ID, clock, logger: deps.logger })
    const wire = await openWire(deps.kafka, deps.logger)
    open = { writer, wire }
    // Whoever wrote before is fenced now: what stands at the end stays the end.
    const end = await patiently(clock, () => wire.offset(control.name, 0, 'latest'))
    if (!(await tail.reach(end, CATCH_UP_TIMEOUT_MS)))
      throw new ControlLogError('aborted', 'the control plane could not be read to its end in time')
    return writer
  }

  async function shut(): Promise<void> {
    const closing = open
    open = undefined
    await Promise.allSettled([closing?.writer.close(), closing?.wire.close()])
  }

  async function transact(build: Parameters<ControlLog['transact']>[0]): Promise<{ lastOffset: number }> {
    const writer = await opened().catch(async error => {
      await shut()
      throw error instanceof ControlLogError ? error : new ControlLogError('aborted', String(error), { cause: error })
    })
    const { records } = build()
    let lastOffset = -1
    try {
      for (const batch of await writer.commit(records)) {
        if (batch.records[0]!.topic === control.name) lastOffset = Math.max(lastOffset, batch.baseOffset + batch.records.length - 1)
      }
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
    close: shut,
  }
}
