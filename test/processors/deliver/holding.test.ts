/**
 * Webhooks beyond their share: the ranges of the log that they are owed, on a broker in memory and in a time that the
 * test controls.
 */
import { describe, expect, it } from '@jest/globals'
import { endsOf, HOUR, MINUTE, numbersOf, retries, SECOND, started } from './owed-setup.ts'

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
