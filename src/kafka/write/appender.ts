/**
 * Appends outside any transaction, idempotently. While one request is under way the next one fills: no linger timer, so a lone emit goes
 * out at once and a thousand together share a request.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import { runAs } from '../../work.ts'
import type { Appender, OutRecord, Place } from '../ports.ts'
import { RECORD_REFUSED } from '../protocol/error-codes.ts'
import { createLeaders } from '../protocol/leaders.ts'
import { patiently } from '../protocol/retry-transient.ts'
import { type KafkaError, type KafkaSettings, openWire, type Wire } from '../protocol/wire.ts'
import { createProduce, type Produce } from './produce.ts'

const RECORDS_PER_REQUEST_MAX = 5_000

/** The broker did not acknowledge. `refused`: it will never take these bytes; otherwise they may or may not be in the log. */
export class AppendFailed extends Error {
  readonly refused: boolean
  constructor(cause: KafkaError) {
    super(`not acknowledged: ${cause.message}`, { cause })
    this.name = 'AppendFailed'
    this.refused = RECORD_REFUSED.has(cause.type)
  }
}

interface Waiting {
  record: OutRecord
  resolve(place: Place): void
  reject(error: Error): void
}

export function createAppender(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  /** How long an unacknowledged batch is repeated before its appends are rejected. */
  persistMs: number
}): Appender {
  const logger = deps.logger.child({ part: 'appender' })
  let wire: Wire | undefined
  let produce: Produce | undefined
  let queue: Waiting[] = []
  let sending = false
  let closed = false

  async function open(): Promise<Produce> {
    wire = await openWire(deps.kafka, deps.logger)
    const opened = wire
    const identity = await patiently(deps.clock, () => opened.initProducerId(null, 60_000))
    return createProduce({
      wire,
      leaders: createLeaders(wire),
      clock: deps.clock,
      identity,
      transactionalId: null,
      persistMs: deps.persistMs,
    })
  }

  async function flush(): Promise<void> {
    if (sending) return
    sending = true
    while (queue.length > 0) {
      const taken = queue.length > RECORDS_PER_REQUEST_MAX ? queue.splice(0, RECORDS_PER_REQUEST_MAX) : queue
      if (taken === queue) queue = []
      await send(taken)
    }
    sending = false
  }

  async function send(taken: Waiting[]): Promise<void> {
    const byRecord = new Map(taken.map(each => [each.record, each]))
    let failed = false
    try {
      produce ??= await open()
      for (const batch of await produce(taken.map(each => each.record))) {
        if (batch.error) failed = true
        batch.records.forEach((record, index) => {
          const waiting = byRecord.get(record)!
          if (batch.error) waiting.reject(new AppendFailed(batch.error))
          else waiting.resolve({ offset: batch.baseOffset + index, timestampMs: batch.logAppendTimeMs })
        })
      }
    } catch (error) {
      failed = true
      for (const waiting of taken) waiting.reject(new AppendFailed(error as KafkaError))
    }
    if (failed) await startOver()
  }

  /** After a failure the sequences may be ahead of the log: a new producer identity begins at zero. */
  async function startOver(): Promise<void> {
    logger.warn({}, 'an append was not acknowledged; opening a new producer')
    produce = undefined
    const old = wire
    wire = undefined
    await old?.close().catch(() => undefined)
  }

  return {
    append: record =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the appender is closed'))
        queue.push({ record, resolve, reject })
        // Appends of one turn of the event loop go out together, as the work of none of those who asked for them.
        if (!sending && queue.length === 1) setImmediate(() => runAs(undefined, () => void flush()))
      }),
    async close() {
      closed = true
      while (sending || queue.length > 0) await deps.clock.sleep(2)
      await wire?.close()
    },
  }
}
