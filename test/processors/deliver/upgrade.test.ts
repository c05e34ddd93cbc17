/** State and retry topics written by the previous release: read, and brought to their ends. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import type { CatchUpSources } from '../../../processors/deliver/catch-up/catch-ups.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import { avroCodec } from '../../../topics/avro.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { RETRY_TIERS, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import { catchUpKeys, deliveryCatchUps, parkedWebhookCodec } from '../../../topics/delivery-catch-ups.ts'
import { deliveryState, deliveryStateKeys, openEventCodec } from '../../../topics/delivery-state.ts'
import { createMemoryShard, type MemoryShard } from './memory-shard.ts'

const released = JSON.parse(
  readFileSync(new URL('../../../topics/released-schemas.json', import.meta.url), 'utf8'),
) as Record<string, unknown[]>
/** As the previous release encoded it. */
const before = (name: string, value: unknown) => avroCodec(released[`clarion.${name}`]![0], []).encode(value)
const tier = (label: string) => RETRY_TIERS.find(({ topic }) => topic.name.endsWith(`-${label}`))!.topic.name

/** A deferred delivery, and the entry that counted it. */
function deferred(shard: MemoryShard, webhookId: string, event: EventFacts, label: string): void {
  const id = deliveryId(event.eventId, webhookId)
  const at = shard.clock.nowMs() - 3_600_000
  const facts = { attempts: 0, dueAtMs: at, trigger: 'live', replayId: null, once: false, createdAtMs: at } as const
  const value = retryRecordCodec.encode({ event, payload: Buffer.from('{}'), webhookId, deliveryId: id, ...facts })
  shard.append({ topic: tier(label), partition: 0, key: webhookId, value })
  const { eventId, emitId, organizationId, recordedAtMs } = event
  const open = { open: 1, deliveries: 1, failed: false, emitId, organizationId, environment: 'live', recordedAtMs }
  shard.append({
    topic: deliveryState.name,
    partition: 0,
    key: deliveryStateKeys.ofOpen(eventId),
    value: before('OpenEvent', open),
  })
}

it('ends deliveries that were deferred, owed to a paused webhook, or waiting in a lane', async () => {
  const shard = createMemoryShard()
  shard.webhook('wh_a', { active: false })
  shard.webhook('wh_b', {})
  shard.webhook('wh_c', { ordering: 'block' })
  // For a paused webhook the log had no list of subscribers, and the emits had been completed.
  for (let at = 0; at < 20; at++) shard.logged({ partition: 0 })
  const parked = {
    organizationId: shard.organizationId,
    replayId: 'rpl_1',
    fromSequence: 1,
    throughSequence: 20,
    cursors: [{ partition: 0, offset: 4, done: [6] }],
  }
  shard.append({
    topic: deliveryCatchUps.name,
    partition: 0,
    key: catchUpKeys.ofParked('wh_a'),
    value: before('ParkedWebhook', parked),
  })
  for (let at = 0; at < 300; at++) deferred(shard, 'wh_b', shard.logged(), at % 2 === 0 ? '1s' : '1m')
  const inLane = [shard.logged({ subject: 'x' }), shard.logged({ subject: 'x' }), shard.logged({ subject: 'x' })]
  for (const event of [inLane[2]!, inLane[0]!, inLane[1]!]) deferred(shard, 'wh_c', event, '1s')
  const steps = [inLane[0]!.sequence, 1, 1]
  const lane = before('LaneState', { steps, readTo: 0 })
  shard.append({ topic: deliveryState.name, partition: 0, key: deliveryStateKeys.ofLane('wh_c', 'x'), value: lane })

  shard.open()
  await shard.settle()
  await shard.advance(120_000, 1_000)
  const ended = (webhookId: string) => shard.rows.filter(row => row.webhookId === webhookId && row.state === 'success')
  expect(ended('wh_b')).toHaveLength(300)
  expect(ended('wh_c').map(({ sequence }) => sequence)).toEqual(inLane.map(({ sequence }) => sequence))
  expect(shard.completions).toHaveLength(303)

  shard.webhook('wh_a', { active: true })
  await shard.advance(20_000, 1_000)
  const dealtWith = [1, 2, 3, 4, 7]
  expect(ended('wh_a').map(({ sequence }) => sequence)).toEqual(
    [...Array(20).keys()].map(at => at + 1).filter(number => !dealtWith.includes(number)),
  )
  expect(ended('wh_a').every(({ replayId }) => replayId === 'rpl_1')).toBe(true)
  expect(shard.completions).toHaveLength(303)
  await shard.advance(10_000, 1_000)
  expect(shard.ranges().size).toBe(0)
  for (const prefix of ['open/', 'lane/', 'parked/', 'owed/']) expect(shard.state(prefix)).toEqual([])
  expect(shard.failures).toEqual([])
})

describe('topics as the release before left them (9c851be): paused, half caught up, deferred, queued in lanes, killed in the middle', () => {
  interface Stored {
    topic: string
    partition: number
    offset: number
    at: number
    key: string | null
    value: string | null
    headers: Record<string, string>
  }
  interface Fixture {
    nowMs: number
    emitted: Array<{ eventId: string; webhooks: string[] }>
    /** The deliveries that the previous release had ended: event, webhook, state. */
    ended: Array<[string, string, string]>
    completed: Array<[string, string]>
    records: Stored[]
  }
  const fixture = JSON.parse(
    gunzipSync(readFileSync(new URL('./fixtures/release-9c851be.json.gz', import.meta.url))).toString(),
  ) as Fixture
  const bytes = (text: string | null, encoding: BufferEncoding = 'utf8') =>
    text === null ? null : Buffer.from(text, encoding)
  const recordOf = ({ topic, partition, offset, at, key, value, headers }: Stored): LogRecord => ({
    ...{ topic, partition, offset, timestampMs: at, key: bytes(key), value: bytes(value, 'base64') },
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  })

  async function taken(active: boolean) {
    const given = new Map(fixture.emitted.map(({ eventId, webhooks }) => [eventId, webhooks]))
    const subscribers: NonNullable<CatchUpSources['subscribers']> = async (_log, events) =>
      new Map(events.map(each => (each as EventFacts).eventId).map(id => [id, given.get(id)!]))
    const shard = createMemoryShard({ sources: { subscribers } })
    shard.clock.advance(fixture.nowMs - shard.clock.nowMs())
    shard.load(fixture.records.map(recordOf), fixture.emitted.length)
    for (const [id, changes] of Object.entries(WEBHOOKS))
      shard.webhook(id, { ...changes, ...(id === 'wh_a' ? { active } : {}) })
    shard.open()
    await shard.settle()
    return shard
  }
  const WEBHOOKS: Record<string, Partial<Webhook>> = {
    wh_a: {},
    wh_b: { maxInFlight: 2 },
    wh_c: { ordering: 'block', maxInFlight: 5 },
    wh_d: {},
  }

  /** Ends of live deliveries, of the previous release and of this one. */
  function endsOf(shard: MemoryShard): Map<string, number> {
    const ends = new Map<string, number>()
    const add = (name: string) => void ends.set(name, (ends.get(name) ?? 0) + 1)
    for (const [eventId, webhookId] of fixture.ended) add(`${eventId} ${webhookId}`)
    for (const { state, eventId, webhookId } of shard.rows) if (state !== 'retrying') add(`${eventId} ${webhookId}`)
    return ends
  }

  it.each([true, false])('are brought to their ends, each once (the paused webhook on: %s at first)', async active => {
    const shard = await taken(active)
    await shard.advance(300_000, 1_000)
    await shard.restart()
    shard.webhook('wh_a', { active: true })
    await shard.advance(3 * 3_600_000, 10_000, 6)
    const due = fixture.emitted.flatMap(({ eventId, webhooks }) => webhooks.map(id => `${eventId} ${id}`))
    const ends = endsOf(shard)
    expect(due.filter(name => ends.get(name) !== 1)).toEqual([])
    // The previous release caught up by selectors, and sent some events that acceptance had not matched.
    const before = new Set(fixture.ended.map(([eventId, webhookId]) => `${eventId} ${webhookId}`))
    expect([...ends.keys()].filter(name => !due.includes(name) && !before.has(name))).toEqual([])
    const completed = [
      ...fixture.completed.map(([eventId]) => eventId),
      ...shard.completions.map(({ eventId }) => eventId),
    ]
    const withSubscribers = fixture.emitted.filter(({ webhooks }) => webhooks.length > 0).map(({ eventId }) => eventId)
    expect(completed.sort()).toEqual(withSubscribers.sort())
    expect(shard.rows.every(({ state }) => state !== 'failed' && state !== 'cancelled')).toBe(true)
    for (const subject of ['x', 'y']) {
      const order = shard.requests
        .filter(each => each.webhookId === 'wh_c' && each.subject === subject)
        .map(({ sequence }) => sequence)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
    }
    for (const prefix of ['open/', 'lane/', 'parked/', 'owed/', 'early/', 'failed/'])
      expect(shard.state(prefix)).toEqual([])
    expect(shard.failures).toEqual([])
  })
})

describe('events that an admit of the release before accepts while the new deliver runs', () => {
  /** A shard whose webhooks wait, and a history that has the events' subscribers once it is not behind. */
  async function waiting(changes: Partial<Webhook> = {}) {
    const given = new Map<string, string[]>()
    const history = { isBehind: false, queries: 0 }
    const subscribers: NonNullable<CatchUpSources['subscribers']> = async (_log, events) => {
      history.queries++
      const found = events.map(each => (each as EventFacts).eventId).filter(id => given.has(id) && !history.isBehind)
      return new Map(found.map(id => [id, given.get(id)!]))
    }
    const shard = createMemoryShard({ sources: { subscribers }, limits: { queuedMax: 4 } })
    for (const id of ['wh_a', 'wh_b']) shard.webhook(id, { ...changes, active: false })
    shard.open()
    await shard.settle()
    function emit(webhookIds: string[], facts: Parameters<MemoryShard['emit']>[1] = { isUnlisted: true }): EventFacts {
      const event = shard.emit(webhookIds, facts)
      given.set(event.eventId, webhookIds)
      return event
    }
    const numbersOf = (webhookId: string, state: string) =>
      shard.rows.filter(row => row.webhookId === webhookId && row.state === state).map(({ sequence }) => sequence)
    return { shard, emit, history, numbersOf }
  }
  const BOTH = ['wh_a', 'wh_b']

  it('are owed to those whom acceptance gave them to, whatever they select now, and complete once', async () => {
    const { shard, emit, history, numbersOf } = await waiting()
    for (let at = 0; at < 10; at++) {
      emit(['wh_a', 'wh_b'])
      emit([])
      emit(['wh_b'])
      emit(['wh_a', 'wh_b'], {})
    }
    await shard.advance(5_000, 1_000)
    for (const id of BOTH) shard.webhook(id, { active: true, events: ['nothing.of.this'] })
    await shard.advance(20_000, 1_000)
    const all = [...Array(40).keys()].map(at => at + 1)
    expect(numbersOf('wh_a', 'success')).toEqual(all.filter(number => number % 4 === 1 || number % 4 === 0))
    expect(numbersOf('wh_b', 'success')).toEqual(all.filter(number => number % 4 !== 2))
    expect(shard.completions).toHaveLength(30)
    expect(shard.completions.every(({ state }) => state === 'DELIVERED')).toBe(true)
    expect(shard.ranges().size).toBe(0)
    // A later catch-up of events with a list queries no history.
    history.queries = 0
    shard.webhook('wh_a', { active: false })
    await shard.settle()
    for (let at = 0; at < 5; at++) emit(at % 2 === 0 ? ['wh_a'] : [], {})
    await shard.advance(3_000, 1_000)
    shard.webhook('wh_a', { active: true })
    await shard.advance(5_000, 1_000)
    expect(numbersOf('wh_a', 'success').slice(-3)).toEqual([41, 43, 45])
    expect(history.queries).toBe(0)
    expect(shard.failures).toEqual([])
  })

  it('wait while the history is behind, and end like all others: left out, cancelled, outside the time of their log', async () => {
    const { shard, emit, history, numbersOf } = await waiting()
    history.isBehind = true
    const first = emit(BOTH)
    emit(BOTH)
    await shard.advance(3_000, 1_000)
    shard.webhook('wh_a', { active: true })
    await shard.advance(60_000, 1_000)
    expect(shard.requests).toEqual([])
    history.isBehind = false
    shard.cancel('wh_b', first)
    await shard.advance(5_000, 1_000)
    expect(numbersOf('wh_a', 'success')).toEqual([1, 2])
    expect(numbersOf('wh_b', 'cancelled')).toEqual([1])
    await shard.advance(60_000, 1_000)
    shard.webhook('wh_b', { active: true, resumeAfter: new Date(shard.clock.nowMs()).toISOString() })
    await shard.advance(5_000, 1_000)
    expect(numbersOf('wh_b', 'skipped')).toEqual([2])
    shard.webhook('wh_b', { active: false })
    await shard.settle()
    emit(['wh_b'])
    await shard.advance(3_000, 1_000)
    await shard.advance(31 * 86_400_000, 86_400_000)
    expect(numbersOf('wh_b', 'failed')).toEqual([3])
    expect(shard.completions.map(({ state }) => state)).toEqual(['DELIVERED', 'DELIVERED', 'FAILED'])
    expect(shard.failures).toEqual([])
  })

  it('keep their order where the webhook requires it', async () => {
    const { shard, emit, numbersOf } = await waiting({ ordering: 'block', retryDelaysMs: [0, 60_000] })
    for (let at = 0; at < 40; at++) emit(['wh_a'], { isUnlisted: true, subject: at % 3 === 0 ? 'y' : 'x' })
    await shard.advance(3_000, 1_000)
    shard.answer('wh_a', (_request, number) => (number === 1 ? 'fail' : 'ok'))
    shard.webhook('wh_a', { active: true })
    await shard.advance(180_000, 1_000)
    const numbers = numbersOf('wh_a', 'success')
    const isOf = (subject: string) => (number: number) => (number % 3 === 1 ? 'y' : 'x') === subject
    for (const subject of ['x', 'y']) {
      const own = numbers.filter(isOf(subject))
      expect(own).toEqual(own.toSorted((a, b) => a - b))
    }
    expect(numbers).toHaveLength(40)
    expect(shard.completions).toHaveLength(40)
    expect(shard.failures).toEqual([])
  })
})

it('writes state that the release before refuses instead of ignoring it', async () => {
  const shard = createMemoryShard()
  shard.webhook('wh_a', { active: false })
  shard.open()
  shard.emit(['wh_a', 'wh_b'])
  await shard.advance(3_000, 1_000)
  const [state] = shard.state('parked/')
  const old = avroCodec(released['clarion.ParkedWebhook']![0], [])
  expect(() => old.decode(state!.value!)).toThrow('newer release')
  expect(() => parkedWebhookCodec.decode(state!.value!)).not.toThrow()
  const entry = openEventCodec.encode({ ...OPEN, organizationId: shard.organizationId })
  expect(() => avroCodec(released['clarion.OpenEvent']![0], []).decode(entry)).toThrow('newer release')
})

const OPEN = {
  ...{ open: -1, deliveries: 2, failed: false, emitId: 'cee_1', environment: 'live' as const, recordedAtMs: 1 },
  ...{ away: 1, owedBy: Buffer.alloc(0), number: 1 },
}
