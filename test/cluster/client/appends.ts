/** Appends under load, and the log that they must have left. */
import { expect } from '@jest/globals'
import { createSystemClock } from '../../../src/clock.ts'
import type { Appender, LogRecord } from '../../../src/kafka/ports.ts'
import type { KafkaSettings } from '../../../src/kafka/protocol/wire.ts'
import { createLogReader } from '../../../src/kafka/read/log-reader.ts'
import { createLogger } from '../../../src/logger.ts'
import { until } from '../until.ts'

const clock = createSystemClock()
const logger = createLogger('silent')

export type Appends = ReturnType<typeof createAppends>

/** For partition 0 of a topic. */
export const record = (topic: string, value: string) => ({ topic, partition: 0, key: null, value })

export function createAppends(kafka: KafkaSettings, appender: Appender) {
  /** The committed records of the partition, up to one that is written now. */
  async function logOf(topic: string): Promise<string[]> {
    const end = `end ${Math.round(clock.monotonicMs() * 1000)}`
    const records: LogRecord[] = []
    const reader = createLogReader({
      kafka,
      clock,
      logger,
      events: {
        onRecords: (_topic, _partition, more) => void records.push(...more),
        onFatal: error => {
          throw error
        },
      },
    })
    reader.assign(topic, 0, 'earliest')
    await appender.append(record(topic, end))
    await until(`the end of ${topic}`, () => records.at(-1)?.value?.toString() === end)
    await reader.close()
    return records.slice(0, -1).map(each => each.value!.toString())
  }

  /** Appends without pause until `stop`, eight at a time. `taken`: those acknowledged, by value and offset. */
  function appending(topic: string) {
    const taken: Array<{ value: string; offset: number }> = []
    const failures: Error[] = []
    let count = 0
    let isOver = false
    async function loop(): Promise<void> {
      while (!isOver) {
        const value = `${count++}`
        await appender.append(record(topic, value)).then(
          place => void taken.push({ value, offset: place.offset }),
          error => void failures.push(error as Error),
        )
      }
    }
    const loops = Array.from({ length: 8 }, loop)
    return {
      taken,
      failures,
      async stop() {
        isOver = true
        await Promise.all(loops)
      },
    }
  }

  /** Each one that was acknowledged is there once, where the answer said; what was not acknowledged may be there. */
  async function expectInLog(
    topic: string,
    taken: ReadonlyArray<{ value: string; offset: number }>,
  ): Promise<string[]> {
    const log = await logOf(topic)
    expect(new Set(log).size).toBe(log.length)
    expect(taken.filter(({ value, offset }) => log[offset] !== value)).toEqual([])
    return log
  }

  return { logOf, appending, expectInLog }
}
