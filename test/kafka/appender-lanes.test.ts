/** The lanes of the appender, over a wire that the test answers and a clock that it controls. */
import { describe, expect, it } from '@jest/globals'
import { createLanes } from '../../src/kafka/write/lanes.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { createScriptedWire, type SentRequest, settle } from '../support/scripted-wire.ts'

const PERSIST_MS = 5_000
const NOT_LEADER = 6
const TIMED_OUT = 7
const TOO_LARGE = 10

function lanesOver(leaders: Record<string, number>) {
  const clock = createManualClock()
  const scripted = createScriptedWire()
  const renewed: number[] = []
  for (const [place, node] of Object.entries(leaders)) scripted.lead(place, node)
  const lanes = createLanes({
    wire: scripted.wire,
    clock,
    persistMs: PERSIST_MS,
    atEndOfTurn: callback => void setImmediate(callback),
    onNewProducer: node => renewed.push(node),
  })
  /** Appends in one turn, and lets the requests go out. `answers`: the final result of each. */
  async function append(topic: string, ...values: string[]) {
    const answers = values.map(value =>
      lanes.append({ topic, partition: 0, key: null, value }).then(
        place => place.offset,
        error => error as Error,
      ),
    )
    await settle()
    await settle()
    return { answers: Promise.all(answers) }
  }
  const advance = async (ms: number) => {
    clock.advance(ms)
    await settle()
  }
  return { ...scripted, lanes, append, advance, renewed }
}

const topicsOf = ({ batches }: SentRequest) => batches.map(({ topic }) => topic)
const shapeOf = ({ batches }: SentRequest) => batches.map(({ sequence, records }) => [sequence, records])

describe('a lane', () => {
  it('sends a single append at once, and all that arrive while it is in flight together', async () => {
    const { append, open, sent } = lanesOver({ 'a/0': 1, 'b/0': 1 })
    const first = await append('a', '1')
    const more = await append('a', '2', '3')
    const other = await append('b', '4')
    expect(sent.map(topicsOf)).toEqual([['a']])
    await open[0]!.answer({ 'a/0': { baseOffset: 7 } })
    expect(sent.map(shapeOf)).toEqual([
      [[0, 1]],
      [
        [0, 1],
        [1, 2],
      ],
    ])
    await open[0]!.answer({ 'a/0': { baseOffset: 8 }, 'b/0': { baseOffset: 3 } })
    expect([await first.answers, await more.answers, await other.answers]).toEqual([[7], [8, 9], [3]])
  })

  it('waits for its broker while others go on', async () => {
    const { append, open, sent } = lanesOver({ 'a/0': 1, 'b/0': 2 })
    await append('a', 'hangs')
    for (let n = 0; n < 3; n++) {
      const other = await append('b', `${n}`)
      await open.at(-1)!.answer({ 'b/0': { baseOffset: n } })
      expect(await other.answers).toEqual([n])
    }
    expect(sent.map(({ node }) => node)).toEqual([1, 2, 2, 2])
  })

  it('opens a further connection when a request is late, four at most, and keeps a partition in one of them', async () => {
    const { append, advance, open, sent } = lanesOver({ 'a/0': 1, 'b/0': 1, 'c/0': 1, 'd/0': 1, 'e/0': 1 })
    await append('a', '1')
    await append('a', '2')
    for (const topic of ['b', 'c', 'd', 'e']) {
      await append(topic, '1')
      await advance(199)
      expect(open.length).toBe(Math.min(sent.length, 4))
      await advance(1)
    }
    expect(sent.map(topicsOf)).toEqual([['a'], ['b'], ['c'], ['d']])
    expect(new Set(sent.map(({ lane }) => lane)).size).toBe(4)
    await open[0]!.answer()
    // The first connection is free: the waiting appends go out on it, the second record of the partition behind the
    // first.
    expect(sent.at(-1)).toMatchObject({ lane: sent[0]!.lane })
    expect(topicsOf(sent.at(-1)!).sort()).toEqual(['a', 'e'])
  })

  it('sends partitions whose followers are slow apart from the others', async () => {
    const { append, advance, open, sent } = lanesOver({ 'slow/0': 1, 'quick/0': 1 })
    const slow = await append('slow', '1')
    await open[0]!.answer({ 'slow/0': { errorCode: TIMED_OUT } })
    await advance(50)
    expect(topicsOf(sent[1]!)).toEqual(['slow'])
    const quick = await append('quick', '1')
    expect(topicsOf(sent[2]!)).toEqual(['quick'])
    await open[1]!.answer({ 'quick/0': { baseOffset: 4 } })
    expect(await quick.answers).toEqual([4])
    // The same bytes again: the broker recognizes them.
    expect(sent[1]!.batches).toEqual(sent[0]!.batches)
    await open[0]!.answer({ 'slow/0': { baseOffset: 9 } })
    expect(await slow.answers).toEqual([9])
  })
})

describe('a leader that moved', () => {
  it('is followed by the hint of the answer, with the same bytes and without an error to any caller', async () => {
    const { append, open, sent, loads } = lanesOver({ 'a/0': 1 })
    const first = await append('a', '1')
    await open[0]!.answer({
      'a/0': { errorCode: NOT_LEADER, leader: { node: 3, epoch: 5, host: 'kafka-3', port: 9092 } },
    })
    await settle()
    expect(sent.map(({ node }) => node)).toEqual([1, 3])
    expect(sent[1]!.batches).toEqual(sent[0]!.batches)
    expect(loads).toEqual([['a']])
    await open[0]!.answer({ 'a/0': { baseOffset: 2 } })
    expect(await first.answers).toEqual([2])
    // Later appends belong to the producer of the lane they go through.
    await append('a', '2')
    expect(sent[2]!.batches[0]).toMatchObject({ sequence: 0 })
    expect(sent[2]!.batches[0]!.producerId).not.toBe(sent[0]!.batches[0]!.producerId)
  })

  it('is looked up again after a broken connection', async () => {
    const { append, open, sent, lead } = lanesOver({ 'a/0': 1 })
    const first = await append('a', '1')
    lead('a/0', 2)
    await open[0]!.fail('CONNECTION')
    await settle()
    expect(sent.map(({ node }) => node)).toEqual([1, 2])
    expect(sent[1]!.batches).toEqual(sent[0]!.batches)
    await open[0]!.answer({ 'a/0': { baseOffset: 6 } })
    expect(await first.answers).toEqual([6])
  })

  it('leaves its partition waiting, with pauses that grow, as long as there is none', async () => {
    const { append, advance, lead, loads, sent } = lanesOver({})
    const first = await append('a', '1')
    for (const pauseMs of [50, 100, 200]) await advance(pauseMs)
    expect(loads).toHaveLength(4)
    lead('a/0', 1)
    await advance(400)
    await sent[0]!.answer({ 'a/0': { baseOffset: 0 } })
    expect(await first.answers).toEqual([0])
  })
})

describe('an append that is not acknowledged in time', () => {
  it('may be in the log when it was sent; those behind it were not sent; the lane continues with a new producer', async () => {
    const { append, advance, open, sent, renewed, lanes } = lanesOver({ 'a/0': 1, 'b/0': 2 })
    const first = await append('a', '1')
    const second = await append('a', '2')
    const other = await append('b', '1')
    await open[1]!.answer()
    await advance(PERSIST_MS)
    expect(await first.answers).toMatchObject([{ name: 'AppendFailed', mayBeThere: true, refused: false }])
    expect(await second.answers).toMatchObject([{ name: 'AppendFailed', mayBeThere: false, refused: false }])
    expect(await other.answers).toEqual([0])
    expect([renewed, lanes.outstanding()]).toEqual([[1], 0])
    // The partition waits until its request is over, then the next record begins a new producer at zero.
    const third = await append('a', '3')
    expect(sent).toHaveLength(2)
    await open[0]!.fail('REQUEST_TIMEOUT')
    await settle()
    expect(sent[2]!.batches).toMatchObject([{ sequence: 0 }])
    expect(sent[2]!.batches[0]!.producerId).not.toBe(sent[0]!.batches[0]!.producerId)
    await open[0]!.answer({ 'a/0': { baseOffset: 5 } })
    expect(await third.answers).toEqual([5])
    // The other lane keeps its producer.
    await append('b', '2')
    expect(sent[3]!.batches).toMatchObject([{ sequence: 1, producerId: sent[1]!.batches[0]!.producerId }])
  })

  it('is rejected at once when the broker refuses its bytes, and every producer stays', async () => {
    const { append, open, sent, renewed } = lanesOver({ 'a/0': 1 })
    const large = await append('a', 'x')
    await open[0]!.answer({ 'a/0': { errorCode: TOO_LARGE } })
    expect(await large.answers).toMatchObject([{ refused: true, mayBeThere: false }])
    await append('a', 'y')
    expect(sent[1]!.batches).toEqual([{ ...sent[0]!.batches[0]! }])
    expect(renewed).toEqual([])
  })

  it('gives a broker under suspicion less time', async () => {
    const { append, open, sent, suspects, advance } = lanesOver({ 'a/0': 1 })
    await append('a', 'x')
    suspects.add(1)
    await open[0]!.fail('REQUEST_TIMEOUT')
    await advance(50)
    expect(sent.map(({ timeoutMs }) => timeoutMs)).toEqual([4_000, 1_500])
  })
})
