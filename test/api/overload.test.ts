import { describe, expect, it } from '@jest/globals'
import { createOverload } from '../../src/api/overload.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

function bench() {
  const clock = createManualClock()
  const overload = createOverload({ clock })
  return {
    overload,
    /** A second in which so many are judged, each so late, and so many more ask; answers how many of these were taken. */
    second(judged: number, latencyMs: number, asked: number): number {
      let taken = 0
      for (let part = 0; part < 4; part++) {
        for (let n = 0; n < judged / 4; n++) overload.verdict(latencyMs)
        for (let n = 0; n < asked / 4; n++) if (!overload.refuses()) taken++
        clock.advance(250)
      }
      return taken
    },
    silence: (ms: number) => clock.advance(ms),
  }
}

describe('overload', () => {
  it('refuses nobody while verdicts are quick, however many there are', () => {
    const { second, overload } = bench()
    for (let n = 0; n < 5; n++) expect(second(4_000, 20, 4_000)).toBe(4_000)
    expect(overload.shedding).toBe(false)
  })

  it('takes fewer than are being judged once verdicts take longer than a second', () => {
    const { second, overload } = bench()
    second(400, 20, 400)
    for (let n = 0; n < 2; n++) second(400, 1_500, 800)
    const taken = second(400, 1_500, 800)
    expect(overload.shedding).toBe(true)
    expect(taken).toBeLessThan(400)
    expect(taken).toBeGreaterThan(200)
  })

  it('refuses nobody for one slow moment, nor ever a caller or two', () => {
    const { second, overload } = bench()
    second(400, 20, 400)
    expect(second(1, 3_000, 400)).toBe(400)
    expect(overload.shedding).toBe(false)
    for (let n = 0; n < 5; n++) expect(second(8, 3_000, 160)).toBe(160)
  })

  it('takes everything again when verdicts are quick again', () => {
    const { second, overload } = bench()
    for (let n = 0; n < 3; n++) second(400, 1_500, 800)
    second(400, 600, 300)
    expect(overload.shedding).toBe(true)
    second(400, 100, 300)
    expect(second(400, 50, 400)).toBe(400)
    expect(overload.shedding).toBe(false)
  })

  it('refuses nobody while no verdict comes at all: a shard is moving, and what is taken is judged when it has', () => {
    const { overload, silence, second } = bench()
    for (let n = 0; n < 3; n++) second(400, 1_500, 800)
    silence(6_000)
    expect(Array.from({ length: 1_000 }, () => overload.refuses())).not.toContain(true)
  })
})
