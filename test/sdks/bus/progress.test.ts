/** What may be committed: never a place behind something unfinished, and in the end everything. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hasRoom, isFull, Progress, type Taken } from '../../../sdks/bus/src/index.ts'
import { Partition } from '../../../sdks/bus/src/kafka/partition.ts'

const record = (offset: number, timestamp = '1') => ({ offset: String(offset), timestamp }) as never

describe('progress', () => {
  it('reaches exactly the first unfinished event, in any order of ends and of keeping', () => {
    const step = fc.oneof(fc.constant('take' as const), fc.constant('keep' as const), fc.nat(30))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const progress = new Progress<number>()
        const taken: Array<Taken<number>> = []
        let kept = 0
        for (const each of steps) {
          if (each === 'take') taken.push(progress.take(taken.length + 1))
          else if (each === 'keep') {
            const { place, count } = progress.reached() ?? { place: kept, count: 0 }
            progress.kept(count)
            kept = place
          } else if (taken.length > 0) progress.finish(taken[each % taken.length]!)
          const first = taken.findIndex(({ isFinished }) => !isFinished)
          const expected = first === -1 ? taken.length : first
          expect(progress.reached()?.place ?? kept).toBe(expected)
          expect([progress.unfinished, progress.length]).toEqual([
            taken.filter(({ isFinished }) => !isFinished).length,
            taken.length - kept,
          ])
        }
      }),
    )
  })

  it('is full at 1,000 unfinished events, or 10,000 that are not kept, and has room at half of it', () => {
    const progress = new Progress<number>()
    const taken = Array.from({ length: 999 }, (_, n) => progress.take(n))
    expect(isFull(progress)).toBe(false)
    taken.push(progress.take(999))
    expect(isFull(progress)).toBe(true)
    for (const each of taken.slice(1, 500)) progress.finish(each)
    expect([isFull(progress), hasRoom(progress)]).toEqual([false, false])
    progress.finish(taken[500]!)
    expect(hasRoom(progress)).toBe(true)
    // The first one hangs.
    while (progress.length < 10_000) progress.finish(progress.take(1_000))
    expect([progress.unfinished <= 500, isFull(progress), hasRoom(progress)]).toEqual([true, true, false])
    for (const each of taken) progress.finish(each)
    progress.kept(progress.reached()!.count)
    expect([progress.length, hasRoom(progress)]).toEqual([0, true])
  })
})

describe('a partition', () => {
  it('takes a record that is fetched again once, until its position is committed', () => {
    const partition = new Partition()
    const finish = [0, 1, 2].map(offset => partition.take(record(offset))!)
    expect(partition.take(record(1))).toBeUndefined()
    finish[1]!()
    expect(partition.uncommitted()).toBeUndefined()
    finish[0]!()
    const { offset, committed } = partition.uncommitted()!
    expect(offset).toBe(2n)
    committed()
    expect(partition.uncommitted()).toBeUndefined()
    finish[2]!()
    expect(partition.uncommitted()!.offset).toBe(3n)
  })

  it('whose log was made anew begins again: what is in hand of the old log is nobody’s position', () => {
    const partition = new Partition()
    const old = [5, 6, 7].map(offset => partition.take(record(offset))!)
    const anew = partition.take(record(6, '2'))!
    for (const finish of old) finish()
    expect(partition.uncommitted()).toBeUndefined()
    const stale = partition.uncommitted()
    anew()
    expect([stale, partition.uncommitted()!.offset]).toEqual([undefined, 7n])
  })

  it('ignores a commit that was confirmed after its log was made anew', () => {
    const partition = new Partition()
    partition.take(record(9))!()
    const { committed } = partition.uncommitted()!
    partition.take(record(0, '2'))!()
    committed()
    expect(partition.uncommitted()!.offset).toBe(1n)
  })
})
