/** The demo of the reference domain, against its records without a platform: what it expects is what its calls announce. */
import { describe, expect, it } from '@jest/globals'
import type { Calls } from '../../demo/calls.ts'
import { compared } from '../../demo/domain/tally.ts'
import { EXPECTED, INVOICES, jobsOf } from '../../demo/domain/work.ts'
import type { Clock } from '../../src/clock.ts'
import { ClarionError } from '../../src/model/codes.ts'
import { createDesk } from '../domain/desk.ts'
import { routedDesk } from '../domain/routed-desk.ts'

const numbers = Array.from({ length: INVOICES }, (_, at) => at + 1)
const agreed = { log: { ...EXPECTED }, received: { ...EXPECTED }, rows: { ...EXPECTED }, invoices: numbers }

describe('the demo of the reference domain', () => {
  it('expects the events that its calls announce', async () => {
    const desk = createDesk({ recordsMax: 10_000, endedMax: 10_000 })
    const routed = routedDesk(desk)
    const call: Calls['call'] = async (method, path, body) => {
      try {
        const { status = 200, data } = await routed(method, path, body as object)
        return { status, data: data as never, code: undefined, nextCursor: null }
      } catch (error) {
        if (!(error instanceof ClarionError)) throw error
        return { status: 409, data: undefined as never, code: error.code, nextCursor: null }
      }
    }
    const ask: Calls['ask'] = async (method, path, body) => (await call(method, path, body)).data as never
    const clock = { sleep: async (ms: number) => desk.pass(ms) } as Clock
    for (const job of jobsOf({ call, ask } as Calls, clock)) await job.run()
    desk.pass(10_000)
    const counts: Record<string, number> = {}
    for (const type of desk.types()) counts[type] = (counts[type] ?? 0) + 1
    expect(counts).toEqual(EXPECTED)
  })

  it('agrees only where every side has each event once, and the numbers of invoices have no gap', () => {
    const agrees = (change: object) => compared({ ...agreed, ...change }).every(side => side.agrees)
    expect(agrees({})).toBe(true)
    for (const side of ['log', 'received', 'rows'] as const) {
      expect(agrees({ [side]: { ...EXPECTED, 'order.created': 1_001 } })).toBe(false)
      expect(agrees({ [side]: { ...EXPECTED, 'order.failed': 1 } })).toBe(false)
    }
    expect(agrees({ invoices: numbers.with(9, 9) })).toBe(false)
    expect(agrees({ invoices: numbers.slice(1) })).toBe(false)
  })
})
