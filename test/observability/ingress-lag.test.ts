import { describe, expect, it } from '@jest/globals'
import type { Organization } from '../../src/model/organizations.ts'
import { createIngressLag } from '../../src/observability/ingress-lag.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const organization = (id: string, changes: Partial<Organization> = {}) =>
  ({ id, status: 'active', partitions: 1, ...changes }) as Organization

function lagOf(organizations: Organization[], ends: Record<string, number>, positions: Record<string, number>) {
  const clock = createManualClock()
  let asked = 0
  const read = createIngressLag({
    view: { organizations: () => organizations },
    clock,
    position: (topic, partition) => positions[`${topic}/${partition}`],
    ends: async partitions => {
      asked++
      const known = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`))
      return new Map(Object.entries(ends).filter(([place]) => known.has(place)))
    },
  })
  return { read, clock, asked: () => asked }
}

describe('lag by organization', () => {
  it('adds up its partitions and leaves out organizations without lag, and deleted ones', async () => {
    const organizations = [
      organization('a', { partitions: 2 }),
      organization('b'),
      organization('c', { status: 'deleted' }),
    ]
    const { read } = lagOf(
      organizations,
      { 'emits.a/0': 10, 'emits.a/1': 5, 'emits.b/0': 7, 'emits.c/0': 9 },
      { 'emits.a/0': 4, 'emits.b/0': 7 },
    )
    expect(await read()).toEqual([{ organizationId: 'a', records: 11 }])
  })

  it('lists the twenty with the largest lag, the worst first', async () => {
    const organizations = Array.from({ length: 30 }, (_, n) => organization(`o${n}`))
    const ends = Object.fromEntries(organizations.map(({ id }, n) => [`emits.${id}/0`, n + 1]))
    const told = await lagOf(organizations, ends, {}).read()
    expect(told).toHaveLength(20)
    expect(told[0]).toEqual({ organizationId: 'o29', records: 30 })
  })

  it('makes one request to the broker for scrapes that follow each other closely', async () => {
    const { read, clock, asked } = lagOf([organization('a')], {}, {})
    await Promise.all([read(), read()])
    expect(asked()).toBe(1)
    clock.advance(6_000)
    await read()
    expect(asked()).toBe(2)
  })
})
