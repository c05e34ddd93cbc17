import { describe, expect, it } from '@jest/globals'
import { createFetchNodes, type FetchNode } from '../../src/kafka/read/fetch-nodes.ts'
import { createReading, type Reading } from '../../src/kafka/read/reading.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const QUIET_AFTER_MS = 10_000

function nodesWith(count: number, quietMax = 100) {
  const clock = createManualClock()
  const read = new Map<string, Reading>()
  const made: FetchNode[] = []
  const isRead = (key: string, reading: Reading) => read.get(key) === reading
  const nodes = createFetchNodes({
    clock,
    quietAfterMs: QUIET_AFTER_MS,
    busyMin: 2,
    quietMax,
    isRead,
    onNode: node => made.push(node),
  })
  const busy = nodes.at(1)
  for (let partition = 0; partition < count; partition++) {
    read.set(`t/${partition}`, { ...createReading('t', partition, 0), activeAtMs: clock.monotonicMs() })
    busy.session.add(`t/${partition}`, read.get(`t/${partition}`)!)
  }
  const where = () => [...read.keys()].map(key => (nodes.of(key)?.isQuiet ? 'quiet' : 'busy'))
  return { clock, nodes, read, busy, made, where }
}

describe('a partition without records for a while', () => {
  it('is read with the quiet ones from their next request on, and not before; with records it goes back in the same way', () => {
    const { clock, nodes, read, busy, made, where } = nodesWith(3)
    clock.advance(QUIET_AFTER_MS + 1)
    read.get('t/1')!.activeAtMs = clock.monotonicMs()
    nodes.sweep(busy)
    expect(where()).toEqual(['busy', 'busy', 'busy'])
    const quiet = made[1]!
    nodes.takeOver(quiet)
    expect(where()).toEqual(['quiet', 'busy', 'quiet'])
    nodes.wakeUp(quiet, 't/2', read.get('t/2')!)
    expect(where()).toEqual(['quiet', 'busy', 'quiet'])
    nodes.takeOver(busy)
    expect(where()).toEqual(['quiet', 'busy', 'busy'])
    expect([busy.session.size, quiet.session.size]).toEqual([2, 1])
  })

  it('does not move when it is removed meanwhile', () => {
    const { clock, nodes, read, busy, made } = nodesWith(3)
    clock.advance(QUIET_AFTER_MS + 1)
    nodes.sweep(busy)
    read.delete('t/0')
    nodes.takeOver(made[1]!)
    expect([made[1]!.session.has('t/0'), made[1]!.session.has('t/1')]).toEqual([false, true])
  })

  it('is read with a limited number of others, in the first session that has capacity', () => {
    const { clock, nodes, read, busy, made, where } = nodesWith(5, 2)
    const sizes = () => made.slice(1).map(node => node.session.size)
    clock.advance(QUIET_AFTER_MS + 1)
    nodes.sweep(busy)
    clock.advance(QUIET_AFTER_MS)
    nodes.sweep(busy) // those who are on their way do not set out again
    for (const quiet of made.slice(1)) nodes.takeOver(quiet)
    expect([sizes(), busy.session.size]).toEqual([[2, 2, 1], 0])
    nodes.wakeUp(made[1]!, 't/1', read.get('t/1')!)
    read.get('t/1')!.activeAtMs = clock.monotonicMs()
    nodes.takeOver(busy)
    expect(where()).toEqual(['quiet', 'busy', 'quiet', 'quiet', 'quiet'])
    expect(sizes()).toEqual([1, 2, 1])
    for (const key of ['t/5', 't/6']) {
      read.set(key, { ...read.get('t/1')!, partition: Number(key.slice(2)) })
      busy.session.add(key, read.get(key)!)
    }
    clock.advance(QUIET_AFTER_MS + 1)
    nodes.sweep(busy)
    for (const quiet of made.slice(1)) nodes.takeOver(quiet)
    expect([sizes(), busy.session.size]).toEqual([[2, 2, 2, 1], 0])
    expect(made.length).toBe(5)
  })

  it('stays where it is while it is paused', () => {
    const { clock, nodes, read, busy, made, where } = nodesWith(3)
    clock.advance(QUIET_AFTER_MS + 1)
    read.get('t/1')!.isPaused = true
    nodes.sweep(busy)
    nodes.takeOver(made[1]!)
    expect(where()).toEqual(['quiet', 'busy', 'quiet'])
  })

  it('stays where it is while there are few', () => {
    const { clock, nodes, busy, made } = nodesWith(2)
    clock.advance(QUIET_AFTER_MS + 1)
    nodes.sweep(busy)
    expect(made).toEqual([busy])
  })
})
