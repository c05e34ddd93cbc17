/**
 * Webhooks beyond their share: the ranges of the log that they are owed, on a broker in memory and in a time that the
 * test controls.
 */
import { describe, expect, it } from '@jest/globals'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import { createMemoryShard, type MemoryShard } from './memory-shard.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))
const numbersOf = ({ requests }: MemoryShard, webhookId: string) =>
  requests.filter(each => each.webhookId === webhookId).map(({ sequence }) => sequence)
const retries = (shard: MemoryShard) =>
  RETRY_TIERS.reduce((sum, tier) => sum + (shard.written.byTopic.get(tier.topic.name) ?? 0), 0)
const endsOf = ({ rows }: MemoryShard, webhookId: string) =>
  rows
    .filter(row => row.webhookId === webhookId && row.state !== 'retrying')
    .map(({ sequence, state }) => [sequence, state] as const)

async function started(options: Parameters<typeof createMemoryShard>[0] = {}) {
  const shard = createMemoryShard(options)
  shard.webhook('wh_a', {})
  shard.webhook('wh_b', {})
  shard.open()
  await shard.settle()
  return shard
}

describe('a webhook that is paused', () => {
  it('is owed new events as one range, and gets them in order when it is activated; then it is live', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    for (let at = 0; at < 300; at++) shard.emit(['wh_a', 'wh_b'])
    await shard.advance(5 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([])
    expect(shard.completions).toEqual([])
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'paused', count: 300 })
    shard.webhook('wh_a', { active: true })
    await shard.advance(2 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual(times(300, at => at + 1))
    expect(shard.completions).toHaveLength(300)
    expect(shard.completions.every(({ state }) => state === 'DELIVERED')).toBe(true)
    await shard.advance(5 * SECOND, SECOND)
    expect(shard.ranges().size).toBe(0)
    shard.emit(['wh_a'])
    await shard.settle()
    expect(numbersOf(shard, 'wh_a')).toHaveLength(301)
    expect(shard.failures).toEqual([])
    expect(shard.state('open/')).toEqual([])
    expect(shard.state('owed/')).toEqual([])
  })

  it('loses nothing when the process is killed in any state, and repeats only what was in flight', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    for (let at = 0; at < 50; at++) shard.emit(['wh_a', 'wh_b'])
    await shard.advance(SECOND)
    await shard.restart()
    for (let at = 0; at < 50; at++) shard.emit(['wh_a', 'wh_b'])
    await shard.advance(3 * SECOND, SECOND)
    await shard.restart(true)
    shard.answer('wh_a', { laterMs: 500, ok: true })
    shard.webhook('wh_a', { active: true })
    for (let round = 0; round < 20; round++) {
      await shard.advance(700, 350)
      await shard.restart(round % 2 === 0)
    }
    shard.answer('wh_a', 'ok')
    await shard.advance(10 * SECOND, SECOND)
    const ends = endsOf(shard, 'wh_a')
    expect(new Set(ends.map(([number]) => number)).size).toBe(100)
    expect(ends).toHaveLength(100)
    expect(shard.completions).toHaveLength(100)
    expect(shard.failures).toEqual([])
  })

  it('keeps a retry that comes due meanwhile, with its attempts', async () => {
    const shard = await started()
    shard.answer('wh_a', 'fail')
    const event = shard.emit(['wh_a'])
    await shard.settle()
    shard.webhook('wh_a', { active: false })
    await shard.advance(2 * MINUTE, SECOND)
    expect(shard.requests).toHaveLength(1)
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'paused', count: 1 })
    await shard.restart()
    shard.answer('wh_a', 'ok')
    shard.webhook('wh_a', { active: true })
    await shard.advance(5 * SECOND, SECOND)
    expect(shard.requests.map(({ sequence, attempt }) => [sequence, attempt])).toEqual([
      [event.sequence, 1],
      [event.sequence, 2],
    ])
    expect(shard.completions).toMatchObject([{ state: 'DELIVERED' }])
    expect(shard.ranges().size).toBe(0)
  })

  it('is fed an event whose markers are late, and one of a partition that is new', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    shard.emit(['wh_a'], { partition: 0 })
    shard.emit(['wh_a'], { partition: 1, isLate: true })
    shard.emit(['wh_a'], { partition: 0 })
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', { active: true })
    await shard.advance(3 * SECOND, SECOND)
    shard.grow()
    shard.emit(['wh_a'], { partition: 2 })
    await shard.advance(3 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([1])
    shard.settleMarkers()
    await shard.advance(5 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([1, 2, 3, 4])
  })

  it('is owed the events matched at acceptance, whatever it selects later', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    shard.emit(['wh_a'])
    shard.emit(['wh_b'])
    shard.webhook('wh_a', { events: ['nothing.at.all'] })
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', { active: true })
    await shard.advance(5 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([1])
  })

  it('skips events recorded before it resumed, with a row each, and gets new ones', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    for (let at = 0; at < 500; at++) shard.emit(['wh_a', 'wh_b'])
    await shard.advance(3 * SECOND, SECOND)
    const resumeAfter = new Date(shard.clock.nowMs()).toISOString()
    shard.emit(['wh_a', 'wh_b'])
    shard.webhook('wh_a', { active: true, resumeAfter })
    await shard.advance(20 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([501])
    const left = shard.rows.filter(row => row.reason === 'left_out')
    expect(left).toHaveLength(500)
    expect(left[0]).toMatchObject({ state: 'skipped', number: 0, webhookId: 'wh_a' })
    expect(shard.completions).toHaveLength(501)
    expect(shard.ranges().size).toBe(0)
  })

  it('that is deleted ends all it was owed as cancelled', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    for (let at = 0; at < 30; at++) shard.emit(['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', null)
    await shard.advance(5 * SECOND, SECOND)
    expect(endsOf(shard, 'wh_a')).toEqual(times(30, at => [at + 1, 'cancelled']))
    expect(shard.rows[0]).toMatchObject({ reason: 'webhook_deleted' })
    expect(shard.completions).toHaveLength(30)
    expect(shard.ranges().size).toBe(0)
  })

  it('ends owed events that leave the log meanwhile as outside_retention', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    for (let at = 0; at < 20; at++) shard.emit(['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    await shard.advance(29 * 24 * HOUR, 12 * HOUR)
    expect(shard.rows).toEqual([])
    await shard.advance(24 * HOUR, 10 * MINUTE, 4)
    expect(shard.rows.filter(row => row.reason === 'outside_retention')).toHaveLength(20)
    expect(shard.completions.map(({ state }) => state)).toEqual(times(20, () => 'FAILED'))
  })

  it('has an owed event cancelled by a command', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    const [, second] = times(3, () => shard.emit(['wh_a']))
    await shard.advance(3 * SECOND, SECOND)
    shard.cancel('wh_a', second!)
    await shard.advance(2 * SECOND, SECOND)
    expect(endsOf(shard, 'wh_a')).toEqual([[2, 'cancelled']])
    await shard.restart()
    shard.webhook('wh_a', { active: true })
    await shard.advance(5 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([1, 3])
    expect(shard.completions).toHaveLength(3)
  })
})

describe('an endpoint that hangs', () => {
  it('is held: beyond its share nothing is written per event, and one probe goes out at a time', async () => {
    const shard = await started()
    shard.answer('wh_a', 'hang')
    for (let second = 0; second < 30 * 60; second++) {
      for (let at = 0; at < 2; at++) shard.emit(['wh_a'])
      await shard.advance(SECOND, SECOND, 4)
    }
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'held' })
    const before = { records: shard.written.records, retries: retries(shard), requests: shard.requests.length }
    for (let second = 0; second < 10 * 60; second++) {
      for (let at = 0; at < 2; at++) shard.emit(['wh_a'])
      await shard.advance(SECOND, SECOND, 4)
    }
    expect(shard.requests.length - before.requests).toBeLessThan(400)
    expect(shard.ranges().get('wh_a')!.count).toBeGreaterThan(3_000)
    expect(shard.failures).toEqual([])
  })

  it('gets everything when it takes events again, and is live again under steady traffic', async () => {
    const shard = await started({ limits: { waitingMax: 50 } })
    let isDown = true
    shard.answer('wh_a', () => (isDown ? 'fail' : 'ok'))
    for (let second = 0; second < 300; second++) {
      shard.emit(['wh_a', 'wh_b'])
      await shard.advance(SECOND, SECOND, 4)
    }
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'held' })
    isDown = false
    for (let second = 0; second < 2_400; second++) {
      shard.emit(['wh_a', 'wh_b'])
      await shard.advance(SECOND, SECOND, 4)
    }
    expect(shard.ranges().size).toBe(0)
    const ends = endsOf(shard, 'wh_a')
    expect(ends).toHaveLength(2_700)
    expect(ends.every(([, state]) => state === 'success')).toBe(true)
    expect(shard.completions).toHaveLength(2_700)
    expect(shard.state('open/')).toEqual([])
    expect(shard.failures).toEqual([])
  })

  it('gets dead letters, in bulk, for events owed for longer than its schedule', async () => {
    const shard = await started({ limits: { waitingMax: 50 } })
    shard.webhook('wh_a', { retryDelaysMs: [0, MINUTE, 5 * MINUTE] })
    shard.answer('wh_a', 'fail')
    for (let second = 0; second < 1_200; second++) {
      shard.emit(['wh_a', 'wh_b'])
      await shard.advance(SECOND, SECOND, 4)
    }
    await shard.advance(30 * MINUTE, 10 * SECOND, 6)
    const ends = endsOf(shard, 'wh_a')
    expect(new Set(ends.map(([number]) => number)).size).toBe(1_200)
    expect(ends).toHaveLength(1_200)
    expect(ends.every(([, state]) => state === 'failed')).toBe(true)
    expect(shard.rows.filter(({ reason }) => reason === 'endpoint_unavailable').length).toBeGreaterThan(900)
    expect(shard.completions).toHaveLength(1_200)
    expect(shard.completions.every(({ state }) => state === 'FAILED')).toBe(true)
    expect(shard.state('failed/')).toEqual([])
    expect(shard.changes.filter(({ type }) => type === 'WEBHOOK_DELIVERY_EXHAUSTED').length).toBeLessThan(400)
  })

  it('is left alone for an hour at most, whatever Retry-After it answers with', async () => {
    const shard = await started({ limits: { waitingMax: 50 } })
    let isDown = true
    shard.answer('wh_a', () => (isDown ? { status: 503, headers: { 'retry-after': '31536000' } } : 'ok'))
    for (let second = 0; second < 600; second++) {
      shard.emit(['wh_a'])
      await shard.advance(SECOND, SECOND, 4)
    }
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'held' })
    isDown = false
    await shard.advance(2 * HOUR, 10 * SECOND, 6)
    expect(new Set(numbersOf(shard, 'wh_a')).size).toBe(600)
    expect(endsOf(shard, 'wh_a').every(([, state]) => state === 'success')).toBe(true)
    expect(shard.ranges().size).toBe(0)
  })

  it('is probed at once when its owner points it elsewhere', async () => {
    const shard = await started({ limits: { waitingMax: 50 } })
    shard.answer('wh_a', { laterMs: 2 * SECOND, ok: false })
    await shard.advance(SECOND)
    shard.emit(['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    for (let at = 0; at < 200; at++) shard.emit(['wh_a'])
    await shard.advance(20 * SECOND, SECOND)
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'held' })
    // The requests in flight have ended, and no probe is due.
    const before = shard.requests.length
    shard.answer('wh_a', 'ok')
    shard.webhook('wh_a', { url: 'http://wh-a.test/elsewhere' })
    await shard.settle()
    expect(shard.requests.length).toBeGreaterThan(before)
    await shard.advance(2 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a').length).toBeGreaterThanOrEqual(before + 150)
  })

  it('does not hold a webhook below its share: each delivery keeps its own schedule', async () => {
    const shard = await started()
    shard.webhook('wh_a', { retryDelaysMs: [0, MINUTE, 5 * MINUTE] })
    shard.answer('wh_a', 'fail')
    for (let at = 0; at < 60; at++) shard.emit(['wh_a'])
    await shard.advance(10 * MINUTE, SECOND, 4)
    expect(shard.ranges().size).toBe(0)
    expect(shard.requests).toHaveLength(180)
    expect(endsOf(shard, 'wh_a')).toHaveLength(60)
  })
})

describe('an endpoint that is slow', () => {
  it('is fed from its range at once, with all its slots', async () => {
    const shard = await started()
    shard.answer('wh_a', { laterMs: 20 * SECOND, ok: true })
    for (let at = 0; at < 1_500; at++) shard.emit(['wh_a'])
    await shard.settle()
    shard.emit(['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'busy', window: 10 })
    await shard.advance(70 * SECOND, SECOND)
    expect(shard.inFlight()).toBe(10)
    await shard.restart()
    await shard.advance(4_000 * SECOND, 10 * SECOND, 6)
    const ends = endsOf(shard, 'wh_a')
    expect(new Set(ends.map(([number]) => number)).size).toBe(1_501)
    expect(ends).toHaveLength(1_501)
    expect(shard.ranges().size).toBe(0)
    expect(retries(shard)).toBe(0)
  })
})

describe('an ordered lane that is blocked', () => {
  it('keeps its members in the log: state and memory do not grow with them, other subjects go on, and order holds over crashes', async () => {
    const shard = await started()
    shard.webhook('wh_a', { ordering: 'block', retryDelaysMs: [0, 2 * HOUR] })
    let isDown = true
    shard.answer('wh_a', request => (isDown && JSON.parse(request.body.toString()).subject === 'a' ? 'fail' : 'ok'))
    let last = 0
    const emit = async (count: number) => {
      for (let at = 0; at < count; at++) shard.emit(['wh_a'], { subject: at % 10 === 9 ? 'b' : 'a' })
      last += count
      await shard.advance(SECOND, SECOND, 6)
    }
    for (let round = 0; round < 100; round++) await emit(40)
    const others = () => shard.requests.filter(({ subject }) => subject === 'b').length
    await shard.advance(5 * SECOND, SECOND)
    expect(others()).toBe(last / 10)
    expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'ordered' })
    expect(shard.state('lane/').map(({ value }) => value!.length)).toEqual([expect.any(Number)])
    expect(shard.state('lane/')[0]!.value!.length).toBeLessThan(64)
    expect(retries(shard)).toBeLessThan(10)
    await shard.restart()
    await shard.advance(5 * SECOND, SECOND)
    isDown = false
    await shard.advance(2 * HOUR, MINUTE, 4)
    for (let round = 0; round < 20; round++) {
      await shard.advance(20 * SECOND, SECOND, 20)
      if (round === 5) await shard.restart()
    }
    const seen = shard.requests
      .filter(({ subject, attempt }) => subject === 'a' && attempt === 1)
      .map(({ sequence }) => sequence)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(endsOf(shard, 'wh_a').filter(([, state]) => state === 'success')).toHaveLength(last)
    expect(shard.ranges().size).toBe(0)
    expect(shard.failures).toEqual([])
  })
})

describe('a shard whose results are late to commit', () => {
  it('begins no further request until they have', async () => {
    const shard = await started()
    shard.webhook('wh_a', { maxInFlight: 1 })
    const emit = () => shard.emit(['wh_a'])
    shard.holdCommits(true)
    emit()
    emit()
    await shard.settle()
    expect(shard.requests).toHaveLength(2)
    shard.clock.advance(1_500)
    emit()
    await shard.settle()
    expect(shard.requests).toHaveLength(2)
    shard.holdCommits(false)
    await shard.settle()
    expect(shard.requests).toHaveLength(3)
  })
})

describe('a cancellation', () => {
  it('finds a delivery that has moved into a retry topic a moment ago, and is not visible there yet', async () => {
    const shard = await started()
    shard.answer('wh_a', 'fail')
    shard.delayRetries()
    const event = shard.emit(['wh_a'])
    await shard.settle()
    expect(shard.rows).toMatchObject([{ state: 'retrying' }])
    shard.cancel('wh_a', event)
    await shard.advance(5 * SECOND, SECOND)
    shard.settleMarkers()
    await shard.advance(10 * MINUTE, 10 * SECOND)
    expect(shard.requests).toHaveLength(1)
    expect(shard.rows.at(-1)).toMatchObject({ state: 'cancelled', reason: 'manual', number: 1 })
    expect(shard.completions).toHaveLength(1)
  })
})

describe('a topic that an operator has cut', () => {
  it('ends the missing events from the history, each once, and continues with the rest', async () => {
    const events: Array<ReturnType<MemoryShard['emit']>> = []
    const eventsOf = async (_log: object, { from, through }: { from: number; through: number }) =>
      events
        .filter(({ sequence }) => sequence >= from && sequence <= through)
        .map(event => ({ event, webhookIds: ['wh_a', 'wh_b'] }))
    const shard = await started({ sources: { eventsOf } })
    shard.webhook('wh_a', { active: false })
    for (let at = 0; at < 10; at++) events.push(shard.emit(['wh_a', 'wh_b']))
    await shard.advance(3 * SECOND, SECOND)
    shard.dropLogBefore(shard.clock.nowMs())
    for (let at = 0; at < 5; at++) events.push(shard.emit(['wh_a', 'wh_b']))
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', { active: true })
    await shard.advance(5 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([11, 12, 13, 14, 15])
    expect(shard.rows.filter(({ reason }) => reason === 'outside_retention').map(({ sequence }) => sequence)).toEqual(
      times(10, at => at + 1),
    )
    expect(shard.completions).toHaveLength(15)
    expect(shard.ranges().size).toBe(0)
  })
})

describe('a log that does not show its next number', () => {
  it('keeps no other webhook from reading, however many wait for it', async () => {
    const shard = createMemoryShard()
    const many = times(20, at => `wh_${at}`)
    for (const id of [...many, 'wh_a']) shard.webhook(id, { active: false })
    shard.open()
    await shard.settle()
    for (let at = 0; at < 5; at++) shard.emit(['wh_a'])
    shard.emit(many, { isLate: true })
    await shard.advance(3 * SECOND, SECOND)
    for (const id of many) shard.webhook(id, { active: true })
    await shard.advance(SECOND)
    shard.webhook('wh_a', { active: true })
    await shard.advance(60 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([1, 2, 3, 4, 5])
    expect(shard.requests).toHaveLength(5)
    shard.settleMarkers()
    await shard.advance(60 * SECOND, SECOND)
    expect(shard.requests).toHaveLength(25)
    expect(shard.ranges().size).toBe(0)
    expect(shard.failures).toEqual([])
  })

  it('keeps nothing of other logs from coming to its end', async () => {
    const shard = createMemoryShard()
    shard.webhook('wh_a', { active: false })
    shard.webhook('wh_t', { active: false, environment: 'test' })
    shard.open()
    await shard.settle()
    shard.emit(['wh_a'], { isLate: true })
    shard.emit(['wh_t'], { environment: 'test' })
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', null)
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_t', null)
    await shard.advance(3 * MINUTE, SECOND, 4)
    expect(endsOf(shard, 'wh_t')).toEqual([[2, 'cancelled']])
    shard.settleMarkers()
    await shard.advance(2 * MINUTE, SECOND, 4)
    expect(endsOf(shard, 'wh_a')).toEqual([[1, 'cancelled']])
    expect(shard.failures).toEqual([])
  })
})

it('attempts of owed events are counted, and probes among them', async () => {
  const fed: string[] = []
  const onFed = (outcome: string, isProbe: boolean) => void fed.push(isProbe ? `probe ${outcome}` : outcome)
  const shard = await started({ limits: { waitingMax: 50 }, overrides: { onFed } })
  shard.answer('wh_a', 'fail')
  for (let second = 0; second < 600; second++) {
    for (let at = 0; at < 2; at++) shard.emit(['wh_a'])
    await shard.advance(SECOND, SECOND, 4)
  }
  expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'held' })
  expect(new Set(fed)).toEqual(new Set(['probe failed']))
  const owed = shard.ranges().get('wh_a')!.count
  shard.answer('wh_a', 'ok')
  await shard.advance(20 * MINUTE, 5 * SECOND, 6)
  const successes = fed.filter(each => each.endsWith('success'))
  expect(successes.length).toBeGreaterThanOrEqual(owed)
  expect(fed.filter(each => each === 'probe success').length).toBeLessThanOrEqual(1)
})
