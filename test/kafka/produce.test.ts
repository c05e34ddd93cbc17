/** The batches of one transaction, over a wire that the test answers and a clock that it controls. */
import { describe, expect, it } from '@jest/globals'
import { createProduce } from '../../src/kafka/write/produce.ts'
import { createSequencedProducer } from '../../src/kafka/write/sequences.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { createScriptedWire, settle } from '../support/scripted-wire.ts'

const NOT_ENOUGH_REPLICAS = 19
const UNAUTHORIZED = 29
const BUSY = 51
const ABORTABLE = 120

function producing(leaders: Record<string, number>, ...topics: string[]) {
  const clock = createManualClock()
  const scripted = createScriptedWire()
  const life = { isClosed: false }
  let heldUp = 0
  for (const [place, node] of Object.entries(leaders)) scripted.lead(place, node)
  const produce = createProduce(
    {
      wire: scripted.wire,
      clock,
      isClosed: () => life.isClosed,
      onHeldUp: async () => void heldUp++,
      transactionalId: 'admit-1',
      version: 12,
      isPausable: topic => topic.startsWith('events.'),
    },
    createSequencedProducer({ producerId: 1n, producerEpoch: 0 }, true),
  )
  let results: Record<string, string> | undefined
  void produce(topics.map(topic => ({ topic, partition: 0, key: null, value: 'x' }))).then(batches => {
    results = Object.fromEntries(
      batches.map(({ records, error, baseOffset }) => [records[0]!.topic, error?.type ?? `at ${baseOffset}`]),
    )
  })
  const advance = async (ms: number) => {
    clock.advance(ms)
    await settle()
  }
  return { ...scripted, advance, life, heldUp: () => heldUp, results: () => results }
}

describe('the batches of a transaction', () => {
  it('go to their leaders together, and again as they were until they are acknowledged', async () => {
    const { open, sent, advance, results } = producing(
      { 'state/0': 1, 'outcomes/0': 1, 'events.a/0': 2 },
      'state',
      'outcomes',
      'events.a',
    )
    await settle()
    expect(sent.map(({ node, batches }) => [node, batches.length])).toEqual([
      [1, 2],
      [2, 1],
    ])
    await open[1]!.answer({ 'events.a/0': { baseOffset: 4 } })
    await open[0]!.answer({ 'state/0': { errorCode: NOT_ENOUGH_REPLICAS }, 'outcomes/0': { baseOffset: 2 } })
    await advance(50)
    expect(sent[2]!.batches).toEqual([sent[0]!.batches[0]])
    await open[0]!.fail('CONNECTION')
    await advance(100)
    await open[0]!.answer({ 'state/0': { baseOffset: 9 } })
    expect(results()).toEqual({ state: 'at 9', outcomes: 'at 2', 'events.a': 'at 4' })
  })

  it.each(['state', 'events.a'])(
    'of %s go to the new leader when the one that is known has died without a word',
    async topic => {
      const place = `${topic}/0`
      const { open, sent, lead, advance, results } = producing({ [place]: 1 }, topic)
      await settle()
      await open[0]!.fail('CONNECTION')
      lead(place, 2)
      await advance(50)
      expect(sent.map(({ node }) => node)).toEqual([1, 2])
      await open[0]!.answer({ [place]: { baseOffset: 7 } })
      expect(results()).toEqual({ [topic]: 'at 7' })
    },
  )

  it('of shared topics are tried for 20 s', async () => {
    const { open, advance, results } = producing({ 'state/0': 1 }, 'state')
    await settle()
    for (let elapsedMs = 0; elapsedMs < 19_000; elapsedMs += 1_000) {
      for (const request of [...open]) await request.answer({ 'state/0': { errorCode: NOT_ENOUGH_REPLICAS } })
      await advance(1_000)
    }
    expect(results()).toBeUndefined()
    await advance(1_000)
    await advance(1_000)
    expect(results()).toEqual({ state: 'NOT_ENOUGH_REPLICAS' })
  })

  it('of an organization are not given up while the last transaction is still ending', async () => {
    const { open, advance, heldUp, results } = producing({ 'state/0': 1, 'events.a/0': 1 }, 'state', 'events.a')
    await settle()
    for (let elapsedMs = 0; elapsedMs < 3_000; elapsedMs += 500) {
      for (const request of [...open])
        await request.answer({ 'state/0': { errorCode: BUSY }, 'events.a/0': { errorCode: BUSY } })
      await advance(500)
    }
    expect([results(), heldUp()]).toEqual([undefined, expect.any(Number)])
    expect(heldUp()).toBeGreaterThan(0)
    await advance(500)
    for (const request of [...open]) await request.answer()
    expect(results()).toEqual({ state: 'at 0', 'events.a': 'at 0' })
  })

  it('of organizations are given up after a second, all of them together, once nothing else is open', async () => {
    const leaders = { 'state/0': 1, 'events.a/0': 2, 'events.b/0': 3 }
    const { open, advance, results } = producing(leaders, 'state', 'events.a', 'events.b')
    await settle()
    const [state, a, b] = open as [(typeof open)[0], (typeof open)[0], (typeof open)[0]]
    await a.answer({ 'events.a/0': { errorCode: NOT_ENOUGH_REPLICAS } })
    await b.answer({ 'events.b/0': { errorCode: UNAUTHORIZED } })
    await advance(1_000)
    expect(results()).toBeUndefined() // the shared topic may still fail as well
    await state.answer({ 'state/0': { baseOffset: 1 } })
    // The cause that delayed the shared topic may have delayed the organization's as well.
    expect(results()).toBeUndefined()
    await advance(1_000)
    expect(results()).toEqual({
      state: 'at 1',
      'events.a': 'NOT_ENOUGH_REPLICAS',
      'events.b': 'TOPIC_AUTHORIZATION_FAILED',
    })
  })

  it('wait for a broker that takes its time, and not for one that is silent and under suspicion', async () => {
    const { open, advance, suspects, results } = producing({ 'state/0': 1, 'events.a/0': 2 }, 'state', 'events.a')
    await settle()
    await open[0]!.answer()
    await advance(1_500)
    expect(results()).toBeUndefined()
    suspects.add(2)
    await advance(250)
    expect(results()).toEqual({ state: 'at 0', 'events.a': 'REQUEST_TIMEOUT' })
  })

  it('are given up at once when one of a shared topic can only be aborted', async () => {
    const { open, results } = producing({ 'state/0': 1, 'events.a/0': 2 }, 'state', 'events.a')
    await settle()
    await open[0]!.answer({ 'state/0': { errorCode: ABORTABLE } })
    expect(results()).toEqual({ state: 'TRANSACTION_ABORTABLE', 'events.a': 'INTERRUPTED' })
  })

  it('are given up when the writer closes', async () => {
    const { open, advance, life, results } = producing({ 'state/0': 1 }, 'state')
    await settle()
    life.isClosed = true
    await open[0]!.fail('CONNECTION')
    await advance(0)
    expect(results()).toEqual({ state: 'CONNECTION' })
  })
})
