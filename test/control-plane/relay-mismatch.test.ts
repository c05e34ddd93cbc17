import { expect, it } from '@jest/globals'
import type { LookOrder } from '../../src/control-plane/drift/look-order.ts'
import { createNoteMismatch, isOfRelay, isOverAt } from '../../src/control-plane/drift/relay-mismatch.ts'
import { createLogger } from '../../src/logger.ts'
import type { DriftFinding } from '../../src/model/drift.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const HOUR_MS = 3_600_000
const push = {
  ...{ id: 'cefp_1', groupId: 'cefg_1', namespace: 'acme', name: 'order', version: '1.0.0', schemaHash: 'shared' },
}
const relay = { push, organizationIds: ['org_a', 'org_b'], canonicalName: 'acme.order@1.0.0', schemaHash: 'other' }

function noted({ fails = false } = {}) {
  const clock = createManualClock()
  const orders: LookOrder[] = []
  const look = async (order: LookOrder) => {
    orders.push(order)
    if (fails) throw new Error('the broker is away')
  }
  return { clock, orders, note: createNoteMismatch({ drift: { look }, clock, logger: createLogger('silent') }) }
}

it('a relay of another schema is a finding of both sides, written once an hour while relays fail', () => {
  const { clock, orders, note } = noted()
  for (let times = 0; times < 5; times++) note(relay)
  expect(orders.map(({ organizationId }) => organizationId)).toEqual(['org_a', 'org_b'])
  expect(orders[0]!.observe(undefined as never)).toMatchObject([
    {
      ...{ kind: 'federation_snapshot', severity: 'warning', entityId: 'cefp_1' },
      ...{ expected: { schemaHash: 'shared' }, actual: { schemaHash: 'other' } },
    },
  ])
  clock.advance(HOUR_MS)
  note(relay)
  expect(orders).toHaveLength(4)
})

it('a finding that could not be written is written with the next relay', async () => {
  const { orders, note } = noted({ fails: true })
  note(relay)
  await new Promise(resolve => setImmediate(resolve))
  note(relay)
  expect(orders).toHaveLength(4)
})

it('is over when no relay has failed for a day', () => {
  const { clock, orders, note } = noted()
  note(relay)
  const [seen] = orders[0]!.observe(undefined as never)
  const finding = { ...seen, lastSeenAt: new Date(clock.nowMs()).toISOString() } as unknown as DriftFinding
  expect([isOfRelay(finding), isOfRelay({ ...finding, diff: [{ path: '', change: 'archived 1.0.0' }] })]).toEqual([
    ...[true, false],
  ])
  expect([
    isOverAt(finding, clock.nowMs() + 24 * HOUR_MS),
    isOverAt(finding, clock.nowMs() + 24 * HOUR_MS + 1),
  ]).toEqual([...[false, true]])
})
