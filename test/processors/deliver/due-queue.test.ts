import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createDueQueue } from '../../../processors/deliver/dispatch/due-queue.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'

describe('the due queue', () => {
  it('lets each item go at its time, in order, with one timer however many wait', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 100 }), delays => {
        const clock = createManualClock(0)
        const out: Array<[number, number]> = []
        const queue = createDueQueue<number>({ clock, sizeMax: 100, onDue: at => out.push([at, clock.nowMs()]) })
        for (const delay of delays) {
          expect(queue.add(delay, delay)).toBe(true)
          expect(clock.pending()).toBe(1)
        }
        for (let ms = 0; ms < 50; ms++) clock.advance(1)
        expect(out).toEqual(delays.sort((a, b) => a - b).map(delay => [delay, delay]))
        expect(clock.pending()).toBe(0)
      }),
    )
  })

  it('refuses an item when it is full, and takes it when another one has left', () => {
    const clock = createManualClock(0)
    const queue = createDueQueue<number>({ clock, sizeMax: 2, onDue: () => undefined })
    expect([queue.add(1, 5), queue.add(2, 6), queue.add(3, 7)]).toEqual([true, true, false])
    clock.advance(5)
    expect(queue.add(3, 7)).toBe(true)
  })

  it('is silent once closed', () => {
    const clock = createManualClock(0)
    const out: number[] = []
    const queue = createDueQueue<number>({ clock, sizeMax: 2, onDue: item => out.push(item) })
    queue.add(1, 5)
    queue.close()
    clock.advance(10)
    expect(out).toEqual([])
  })
})
