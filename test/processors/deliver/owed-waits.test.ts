/** Owed deliveries while the history or a log is away, and when the shard ends in the middle of its work. */
import { describe, expect, it } from '@jest/globals'
import type { CatchUpSources } from '../../../processors/deliver/catch-up/catch-ups.ts'
import { createLogWatch } from '../../../src/replay/ways/log-watch.ts'
import { deliveries } from '../../../topics/deliveries.ts'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import type { MemoryShard } from './memory-shard.ts'
import { emit, endsWithReasons, HOUR, MINUTE, numbersOf, SECOND, started } from './owed-setup.ts'

/** A history that has these events, as long as it is not away. */
function historyOf(events: ReadonlyArray<ReturnType<MemoryShard['emit']>>, webhookIds: string[]) {
  const history = { isAway: false, has: (_number: number) => true }
  const eventsOf: CatchUpSources['eventsOf'] = async (_log, { from, through }) => {
    if (history.isAway) throw new Error('The history is away')
    return events
      .filter(({ sequence }) => sequence >= from && sequence <= through && history.has(sequence))
      .map(event => ({ event, webhookIds }))
  }
  return { history, eventsOf }
}

describe('events that their log has lost', () => {
  it('wait for a history that does not have them yet, and end once it has', async () => {
    const events: Array<ReturnType<MemoryShard['emit']>> = []
    const { history, eventsOf } = historyOf(events, ['wh_a'])
    const shard = await started({ sources: { eventsOf } })
    shard.webhook('wh_a', { active: false })
    events.push(...emit(shard, 5, ['wh_a']))
    await shard.advance(3 * SECOND, SECOND)
    shard.dropLogBefore(shard.clock.nowMs())
    emit(shard, 2, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    history.has = number => number < 3
    shard.webhook('wh_a', { active: true })
    await shard.advance(10 * MINUTE, 5 * SECOND, 6)
    expect(numbersOf(shard, 'wh_a')).toEqual([])
    history.has = () => true
    await shard.advance(10 * SECOND, SECOND)
    const lost = [1, 2, 3, 4, 5].map(number => `${number} failed outside_retention`)
    expect(endsWithReasons(shard, 'wh_a')).toEqual([...lost, '6 success', '7 success'])
    expect(shard.completions).toHaveLength(7)
    expect(shard.ranges().size).toBe(0)
  })

  it('are passed over an hour later where no event has their number, which is counted', async () => {
    const watch = createLogWatch()
    const shard = await started({ sources: { eventsOf: async () => [], watch } })
    shard.webhook('wh_a', { active: false })
    emit(shard, 5, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    shard.dropLogBefore(shard.clock.nowMs())
    emit(shard, 1, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', { active: true })
    await shard.advance(HOUR + MINUTE, 10 * SECOND, 6)
    expect(numbersOf(shard, 'wh_a')).toEqual([6])
    expect(watch.holesSoFar()).toBe(5)
  })

  it('delay no early entry beside them that is to end, however long the history is away', async () => {
    const events: Array<ReturnType<MemoryShard['emit']>> = []
    const { history, eventsOf } = historyOf(events, ['wh_a'])
    const shard = await started({ sources: { eventsOf } })
    shard.answer('wh_a', 'fail')
    events.push(...emit(shard, 2, ['wh_a']))
    await shard.settle()
    shard.webhook('wh_a', { active: false })
    await shard.advance(2 * MINUTE, SECOND)
    expect(shard.ranges().get('wh_a')).toMatchObject({ count: 2 })
    // The offset of the second one's record holds that of the first, as in a topic that was made anew.
    for (const { topic } of RETRY_TIERS) {
      const records = shard.topic(topic.name)
      if (records.length > 1) records[1] = { ...records[1]!, value: records[0]!.value }
    }
    shard.dropLogBefore(shard.clock.nowMs())
    history.isAway = true
    shard.webhook('wh_a', null)
    await shard.advance(30 * SECOND, SECOND)
    expect(endsWithReasons(shard, 'wh_a')).toEqual(['1 cancelled webhook_deleted'])
    history.isAway = false
    await shard.advance(2 * MINUTE, SECOND)
    expect(endsWithReasons(shard, 'wh_a')).toEqual(['1 cancelled webhook_deleted', '2 failed outside_retention'])
    expect(shard.completions).toHaveLength(2)
    expect(shard.ranges().size).toBe(0)
  })
})

describe('a shard that another process takes over', () => {
  it('in the middle of an end in bulk loses nothing that was to end', async () => {
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    let isSlow = true
    const subscribers: CatchUpSources['subscribers'] = async (_log, events) => {
      if (isSlow) {
        asked.resolve()
        await answered.promise
      }
      return new Map(events.map(({ emitId }) => [found.get(emitId)!, ['wh_a']]))
    }
    const shard = await started({ sources: { subscribers } })
    shard.webhook('wh_a', { active: false })
    const events = emit(shard, 5, ['wh_a'], { isUnlisted: true })
    const found = new Map(events.map(({ emitId, eventId }) => [emitId, eventId]))
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', null)
    await asked.promise
    const moving = shard.move(true)
    isSlow = false
    answered.resolve()
    await moving
    await shard.advance(2 * MINUTE, SECOND)
    expect(endsWithReasons(shard, 'wh_a')).toEqual([1, 2, 3, 4, 5].map(number => `${number} cancelled webhook_deleted`))
    expect(shard.completions).toHaveLength(5)
    expect(shard.ranges().size).toBe(0)
  })

  it.each(['a replay', 'a redrive'])('while %s asks a history that is away delivers all of it', async kind => {
    let isAway = true
    const whileAway = () => {
      if (isAway) throw new Error('The history is away')
    }
    const shard: MemoryShard = await started({
      sources: {
        async delivered() {
          whileAway()
          return new Map()
        },
        async deliveries(_log, ids) {
          whileAway()
          return shard.deadLetters(ids)
        },
      },
    })
    shard.webhook('wh_a', { retryDelaysMs: [0] })
    shard.answer('wh_a', 'fail')
    emit(shard, 5, ['wh_a'])
    await shard.advance(SECOND)
    shard.answer('wh_a', 'ok')
    if (kind === 'a replay') shard.replay('wh_a')
    else shard.redrive('wh_a')
    await shard.advance(3 * SECOND, SECOND)
    await shard.move(true)
    isAway = false
    await shard.advance(20 * SECOND, SECOND)
    const successes = shard.rows.filter(({ state }) => state === 'success').map(({ sequence }) => sequence)
    expect(successes).toEqual([1, 2, 3, 4, 5])
    expect(shard.failures).toEqual([])
  })
})

it('a range of a deleted organization stays removed, whatever of it was in flight', async () => {
  const shard = await started()
  shard.organization('active')
  shard.webhook('wh_a', { active: false })
  emit(shard, 30, ['wh_a'])
  await shard.advance(3 * SECOND, SECOND)
  shard.answer('wh_a', { laterMs: 5 * SECOND, ok: true })
  shard.webhook('wh_a', { active: true })
  await shard.advance(SECOND)
  expect(shard.inFlight()).toBeGreaterThan(0)
  shard.organization('deleted')
  for (const id of ['wh_a', 'wh_b']) shard.webhook(id, null)
  await shard.advance(20 * SECOND, SECOND)
  for (const prefix of ['parked/', 'owed/', 'early/']) expect(shard.state(prefix)).toEqual([])
  expect(shard.failures).toEqual([])
})

it('an emit that one webhook is owed, read again, is complete only once it has ended there, whatever crashes between', async () => {
  const shard = await started()
  shard.webhook('wh_a', { retryDelaysMs: [0, MINUTE, HOUR], timeoutMs: 10 * MINUTE })
  shard.webhook('wh_b', { retryDelaysMs: [0, HOUR] })
  shard.answer('wh_b', 'fail')
  shard.answer('wh_a', 'fail')
  emit(shard, 1, ['wh_a'])
  await shard.settle()
  shard.answer('wh_a', 'hang')
  const [event] = emit(shard, 1, ['wh_a', 'wh_b'])
  await shard.settle()
  shard.webhook('wh_a', { active: false })
  // The retry of the first event opens the range, while the second is in flight.
  await shard.advance(2 * MINUTE, SECOND)
  expect(shard.ranges().get('wh_a')).toMatchObject({ count: 1, cause: 'paused' })
  await shard.restart()
  await shard.advance(3 * SECOND, SECOND)
  expect(shard.ranges().get('wh_a')).toMatchObject({ count: 2 })
  await shard.restart()
  shard.answer('wh_b', 'ok')
  await shard.advance(HOUR, MINUTE)
  const completionsOf = () => shard.completions.filter(({ eventId }) => eventId === event!.eventId)
  expect(numbersOf(shard, 'wh_b')).toEqual([2, 2])
  expect(completionsOf()).toEqual([])
  shard.answer('wh_a', 'ok')
  shard.webhook('wh_a', { active: true })
  await shard.advance(10 * SECOND, SECOND)
  expect(completionsOf()).toMatchObject([{ state: 'DELIVERED' }])
  expect(shard.state('open/')).toEqual([])
})

it('an ordered webhook that is held stays held when it is changed, however many wait for their turn', async () => {
  const transitions: string[] = []
  const onTransition = (from: string, to: string) => void transitions.push(`${from} → ${to}`)
  const shard = await started({ limits: { queuedMax: 3 }, overrides: { onTransition } })
  shard.webhook('wh_a', { ordering: 'block', retryDelaysMs: Array(60).fill(SECOND) })
  shard.answer('wh_a', 'fail')
  emit(shard, 8, ['wh_a'], { subject: 'a' })
  await shard.advance(40 * SECOND, SECOND)
  expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'held', window: 0 })
  const before = transitions.length
  shard.webhook('wh_a', { maxInFlight: 5 })
  await shard.advance(2 * SECOND, SECOND)
  expect(transitions.slice(before)).toEqual([])
  expect(shard.ranges().get('wh_a')).toMatchObject({ cause: 'held', window: 0 })
})

it('events absorbed a moment ago survive that the log of their records is cut', async () => {
  const shard = await started()
  shard.webhook('wh_a', { active: false })
  emit(shard, 2, ['wh_a'])
  await shard.settle()
  shard.cut(deliveries.name, 0)
  emit(shard, 1, ['wh_b'])
  await shard.settle()
  await shard.restart()
  shard.webhook('wh_a', { active: true })
  await shard.advance(10 * SECOND, SECOND)
  expect(numbersOf(shard, 'wh_a')).toEqual([1, 2])
  expect(numbersOf(shard, 'wh_b')).toEqual([3])
  expect(shard.failures).toEqual([])
})

it('a shard that closes reads no log any more, also for lanes that were about to go on', async () => {
  let isAway = false
  const watch = createLogWatch()
  const shard: MemoryShard = await started({
    sources: {
      watch,
      pages: {
        async read(...place) {
          if (isAway) throw new Error('The broker is away')
          return shard.source.pages.read(...place)
        },
        search: (...place) => shard.source.pages.search(...place),
      },
    },
  })
  shard.webhook('wh_a', { ordering: 'block', active: false })
  emit(shard, 30, ['wh_a'], { subject: 'a' })
  await shard.advance(3 * SECOND, SECOND)
  shard.answer('wh_a', { laterMs: 3 * SECOND, ok: true })
  shard.webhook('wh_a', { ordering: 'block', active: true })
  await shard.advance(SECOND)
  isAway = true
  await shard.advance(30 * SECOND, SECOND)
  expect(watch.missingSeconds()).toBeGreaterThan(0)
  await shard.crash()
  await shard.advance(10 * SECOND, SECOND)
  expect(watch.missingSeconds()).toBe(0)
})
