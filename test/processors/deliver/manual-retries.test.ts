/** Manual retries and redrives in flight when their process dies: each is made, and none stays pending. */
import { expect, it } from '@jest/globals'
import { createMemoryShard } from './memory-shard.ts'

const SECOND = 1_000

/** Ten dead letters, of an endpoint that now takes five seconds for each. */
async function dead() {
  const shard = createMemoryShard()
  shard.webhook('wh_a', { retryDelaysMs: [0] })
  shard.open()
  await shard.settle()
  shard.answer('wh_a', 'fail')
  const events = Array.from({ length: 10 }, (_, at) => shard.emit(['wh_a'], { subject: `s${at}` }))
  await shard.advance(SECOND)
  expect(shard.rows.map(({ state }) => state)).toEqual(Array(10).fill('failed'))
  shard.answer('wh_a', { laterMs: 5 * SECOND, ok: true })
  const ends = () => {
    const newest = new Map(shard.rows.map(row => [row.deliveryId, row]))
    return [...newest.values()].map(({ state, number }) => `${state} ${number}`)
  }
  return { shard, events, ends }
}

it.each(['a retry by hand', 'a redrive of a range'])(
  '%s that was in flight in a crash is made again, under its number',
  async kind => {
    const { shard, events, ends } = await dead()
    if (kind === 'a redrive of a range') shard.redrive('wh_a')
    else for (const [at, event] of events.entries()) shard.retry(shard.rows[at]!, false, event)
    await shard.advance(2 * SECOND, SECOND)
    expect(shard.inFlight()).toBeGreaterThan(0)
    expect(ends().filter(each => each === 'retrying 1')).toHaveLength(shard.inFlight())
    await shard.restart(true)
    await shard.advance(20 * SECOND, SECOND)
    expect(ends()).toEqual(Array(10).fill('success 2'))
    // Once more, and nothing is sent twice.
    const before = shard.requests.length
    await shard.restart()
    await shard.advance(20 * SECOND, SECOND)
    expect(shard.requests).toHaveLength(before)
    for (const prefix of ['redrive/', 'open/']) expect(shard.state(prefix)).toEqual([])
    expect(shard.failures).toEqual([])
  },
)

it('a second call for the same attempt is ignored, before a crash and after it', async () => {
  const { shard, events, ends } = await dead()
  for (let call = 0; call < 2; call++) shard.retry(shard.rows[0]!, false, events[0]!)
  await shard.advance(2 * SECOND, SECOND)
  await shard.restart(true)
  shard.retry(shard.rows[0]!, false, events[0]!)
  shard.redrive('wh_a')
  await shard.advance(30 * SECOND, SECOND)
  expect(ends()).toEqual(Array(10).fill('success 2'))
  expect(
    shard.rows.filter(({ eventId, attemptId }) => eventId === events[0]!.eventId && attemptId !== null),
  ).toHaveLength(2)
  expect(shard.failures).toEqual([])
})
