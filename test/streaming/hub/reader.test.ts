/** One reader of a log, over a log that answers as the test says and with a clock that moves by hand. */
import { describe, expect, it } from '@jest/globals'
import { eventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { KafkaError } from '../../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../../src/logger.ts'
import { createBudget } from '../../../src/streaming/hub/budget.ts'
import { createConnection } from '../../../src/streaming/hub/connection.ts'
import { framesOf } from '../../../src/streaming/hub/frames.ts'
import type { FollowedLog, Sink } from '../../../src/streaming/hub/ports.ts'
import { createReader } from '../../../src/streaming/hub/reader.ts'
import type { RingPage } from '../../../src/streaming/hub/ring.ts'
import type { Limit } from '../../../src/streaming/resume.ts'
import { createSelection } from '../../../src/streaming/selection.ts'
import { OffsetAhead } from '../../../src/streaming/strict-pages.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { factsOf } from '../log-writer.ts'

const LOG = { organizationId: 'org_1', environment: 'live' as const, topic: 'events.org_1' }
const turn = () => new Promise(resolve => setImmediate(resolve))
async function turns() {
  for (let at = 0; at < 20; at++) await turn()
}

interface Event {
  partition?: number
  type?: string
  atMs?: number
}

/** A log whose tail has come to the end of what it has, unless the test says otherwise. */
function openLog(partitions = 1) {
  const records: LogRecord[][] = Array.from({ length: partitions }, () => [])
  const offsets = records.map(() => 0)
  let number = 0
  let failure: (() => Error | undefined) | undefined
  const read = async (partition: number, offset: number): Promise<RingPage> => {
    const error = failure?.()
    if (error) throw error
    const all = records[partition] ?? []
    if (offset > all.length) throw new OffsetAhead(LOG.topic, partition, BigInt(all.length))
    return { records: all.slice(offset), nextOffset: all.length }
  }
  const followed: FollowedLog = {
    log: LOG,
    offsets,
    sequence: 0,
    cursorAt: (at, sequence) => `${Array.from(at, offset => String(offset)).join('.')}#${sequence}`,
    liveCursor: () => `live ${offsets.join('.')}`,
    page: read,
    freshPage: read,
    ...{ join: () => undefined, leave: () => undefined, watch: () => undefined, close: () => undefined },
    grow(count) {
      while (offsets.length < count) {
        offsets.push(0)
        records.push([])
      }
    },
  }
  return {
    followed,
    offsets,
    add({ partition = 0, type = 'shop.order', atMs = 0 }: Event = {}) {
      const facts = factsOf(LOG, { type, partition, recordedAtMs: atMs }, ++number)
      const headers = Object.fromEntries(eventHeaders(facts, []).map(([name, value]) => [name, Buffer.from(value)]))
      const own = records[partition]!
      const value = Buffer.from('{}')
      const topic = LOG.topic
      own.push({ topic, partition, offset: own.length, timestampMs: atMs, key: null, value, headers, sizeBytes: 100 })
      offsets[partition] = own.length
    },
    failWith(error: (() => Error | undefined) | undefined) {
      failure = error
    },
  }
}

function open(log: ReturnType<typeof openLog>, { start = [0], until, types = 'shop.*' }: Options = {}) {
  const clock = createManualClock()
  const written: string[] = []
  const sink: Sink = {
    write: frames => written.push(...frames.map(String)) > 0,
    ...{ unsentBytes: () => 0, progress: () => 0, socketId: undefined },
    end: last => void written.push(...last.map(String), 'closed'),
    destroy: () => void written.push('cut'),
  }
  const subscriber = { organizationId: 'org_1', environment: 'live' as const, keyId: 'key_1' }
  const connection = createConnection(
    { id: 'str_1', subscriber, client: undefined, transport: 'ndjson', openedAtMs: 0 },
    {
      ...{ clock, sink, budget: createBudget(), eventsPerSecond: 1_000, heartbeat: undefined },
      timings: { heartbeatMs: 15_000, positionMs: 60_000, stalledMs: 30_000 },
      ...{ onEvents: () => undefined, onEnded: () => undefined },
    },
  )
  const reader = createReader({
    ...{ followed: log.followed, connection, frames: framesOf('ndjson'), frameKey: '', tag: '', clock, until },
    question: createSelection({ types }, { isWithheld: false }),
    start: { offsets: start.map(BigInt), sequence: 0 },
    ...{ onExpired: 'fail' as const, window: undefined, positionMs: 60_000 },
    resume: { gap: () => Promise.reject(new Error('no gap is expected')) },
    logger: createLogger('silent'),
    onEnd: (reason, facts) => connection.end(reason, facts ?? {}),
    onClosed: () => undefined,
  })
  connection.readers.add(reader)
  const lines = () => written.filter(line => line.startsWith('{')).map(line => JSON.parse(line))
  const events = () => lines().flatMap(({ type, event }) => (type === 'event' ? [event.sequence] : []))
  return { clock, connection, reader, written, lines, events }
}

interface Options {
  start?: number[]
  until?: Limit
  types?: string
}

describe('a reader', () => {
  it('names its place each minute in which it has written nothing, with what it has passed over', async () => {
    const log = openLog()
    for (let at = 0; at < 3; at++) log.add({ type: 'other.thing' })
    const { clock, connection, reader, lines } = open(log)
    reader.wake()
    await turns()
    const pass = (seconds: number) => {
      for (let at = 0; at < seconds; at++) {
        clock.advance(1_000)
        connection.tick(clock.monotonicMs())
      }
    }
    pass(59)
    expect(lines()).toEqual([])
    pass(1)
    expect(lines()).toEqual([{ type: 'position', cursor: 'live 3' }])
    pass(60)
    expect(lines()).toHaveLength(2)
  })

  it('that is behind counts what it has passed over as read, so that its cursor does not call it lost', async () => {
    const log = openLog()
    for (let at = 0; at < 3; at++) log.add({ type: 'other.thing' })
    const { reader, connection } = open(log)
    log.offsets[0] = 9
    let reads = 0
    log.failWith(() => (reads++ === 0 ? undefined : new KafkaError('CONNECTION', 'no broker')))
    reader.wake()
    await turns()
    expect(reader.cursor()).toBe('3#3')
    connection.end('revoked')
  })

  it('reads partitions that its log gets while it is behind, whichever of them has events first', async () => {
    const log = openLog()
    log.add()
    const { reader, events, written } = open(log)
    log.followed.grow(4)
    log.add({ partition: 3 })
    reader.wake()
    await turns()
    log.add({ partition: 1 })
    expect(events()).toEqual([1, 2])
    expect(written.filter(line => line.includes('cut'))).toEqual([])
    expect(reader.cursor()).toBe('live 1.1.0.1')
  })

  it('does not end at its time while the log cannot be read', async () => {
    const log = openLog()
    const { reader, clock, connection, lines, events } = open(log, { until: { timeMs: 1_790_000_001_000 } })
    log.failWith(() => new KafkaError('CONNECTION', 'no broker'))
    clock.advance(4_000)
    connection.tick(clock.monotonicMs())
    await turns()
    expect(lines()).toEqual([])
    // What was committed in time comes with the broker.
    log.add({ atMs: 1_790_000_000_500 })
    log.failWith(undefined)
    clock.advance(1_000)
    await turns()
    connection.tick(clock.monotonicMs())
    await turns()
    expect(events()).toEqual([1])
    expect(lines().at(-1)).toMatchObject({ type: 'end', reason: 'until_reached' })
    reader.close()
  })

  it('does not end at its time before partitions that came later are read, too', async () => {
    const log = openLog()
    log.add({ atMs: 1_790_000_001_000 })
    const { reader, connection, clock, lines, events } = open(log, { until: { timeMs: 1_790_000_001_000 } })
    log.followed.grow(2)
    log.add({ partition: 1, atMs: 1_790_000_000_500 })
    reader.wake()
    await turns()
    clock.advance(5_000)
    connection.tick(clock.monotonicMs())
    await turns()
    expect(events()).toEqual([2])
    expect(lines().at(-1)).toMatchObject({ type: 'end', reason: 'until_reached' })
  })

  it('that lies beyond the end of a log that was cut ends with cursor_expired, and does not wait for events', async () => {
    const log = openLog()
    for (let at = 0; at < 5; at++) log.add()
    const { reader, lines } = open(log, { start: [9] })
    reader.wake()
    await turns()
    expect(lines()).toMatchObject([{ type: 'end', reason: 'cursor_expired', detail: 'ahead', lostEvents: null }])
  })

  it('that begins ahead of the tail goes on with it, and repeats nothing', async () => {
    const log = openLog()
    for (let at = 0; at < 5; at++) log.add()
    log.offsets[0] = 2
    const { reader, lines } = open(log, { start: [5] })
    reader.wake()
    await turns()
    expect(reader.behindEvents()).toBe(0)
    expect(lines()).toEqual([])
  })
})
