/** When a new owner takes its state for complete, over a log that the test writes. */
import { describe, expect, it } from '@jest/globals'
import { createSystemRandom } from '../../src/clock.ts'
import type { LogReader, LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import { createProducerMarks, FORMER_OWNER_MS } from '../../src/kafka/runtime/producer-mark.ts'
import { createRestore } from '../../src/kafka/runtime/restore.ts'
import type { TransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const home = { topic: 'state', partition: 0 }

function setup(producerId: bigint) {
  const clock = createManualClock(0)
  const log: LogRecord[] = []
  const taken: string[] = []
  let reading: number | undefined
  const append = ({ topic, partition, key, value, headers = [] }: OutRecord) =>
    log.push({
      ...{ topic, partition, offset: log.length, timestampMs: 0, key: key === null ? null : Buffer.from(key) },
      value: value === null ? null : Buffer.from(value),
      headers: Object.fromEntries(headers.map(([name, bytes]) => [name, Buffer.from(bytes)])),
    })
  const reader = {
    assign(_topic: string, _partition: number, from: number | 'earliest') {
      reading = from === 'earliest' ? 0 : from
    },
    unassign() {
      reading = undefined
    },
  } as unknown as LogReader
  const writer = {
    async commit(records: readonly OutRecord[]) {
      for (const record of records) append(record)
      return []
    },
    producerId: () => producerId,
  } as unknown as TransactionalWriter
  const restore = createRestore({
    ...{ stateTopics: [home.topic], partition: 0, reader, clock, random: createSystemRandom() },
    marks: createProducerMarks(home),
    take: ({ value }) => void taken.push(String(value)),
  })
  let isOver = false
  return {
    clock,
    taken,
    write: (value: string) => append({ ...home, key: 'k', value }),
    mark: (id: string) => append({ ...home, key: 'producer', value: id }),
    restore,
    begin: () => restore.run(writer).then(() => (isOver = true)),
    /** Hands over what the log has from the place of the reader on. */
    async read(): Promise<boolean> {
      for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
      const from = reading
      if (from !== undefined) restore.onRecords(home.topic, log.slice(from))
      for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
      return isOver
    },
  }
}

describe('a restore', () => {
  it('ends with its barrier, where the owner before had the same producer', async () => {
    const { write, mark, begin, read, taken } = setup(5n)
    mark('5')
    write('old')
    void begin()
    expect(await read()).toBe(true)
    expect(taken).toEqual(['old'])
  })

  it('reads on until the owner before can hold no lease, where its producer was another one', async () => {
    const { write, mark, begin, read, taken, clock } = setup(6n)
    mark('5')
    write('old')
    void begin()
    expect(await read()).toBe(false)
    // No epoch refuses it.
    write('behind the barrier')
    clock.advance(FORMER_OWNER_MS - 1)
    expect(await read()).toBe(false)
    clock.advance(1)
    expect(await read()).toBe(true)
    expect(taken).toEqual(['old', 'behind the barrier'])
  })

  it('that is abandoned waits no longer', async () => {
    const { mark, begin, read, restore } = setup(6n)
    mark('5')
    void begin()
    expect(await read()).toBe(false)
    restore.abandon()
    expect(await read()).toBe(true)
  })
})
