import { expect, it } from '@jest/globals'
import type { LookOrder } from '../../src/control-plane/drift/look-order.ts'
import { createPayloadShapes } from '../../src/ledger/payload-shapes.ts'
import type { RegisteredEvent } from '../../src/model/control-view.ts'
import type { DriftFinding, Observation } from '../../src/model/drift.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { registered, registration } from '../registry/registrations.ts'

const DAY_MS = 86_400_000
const open = { type: 'object', properties: { id: { type: 'string' } } }

/** `payloads`: of a name, those of the last day and those before. */
function shapes(payloads: Record<string, { now: unknown[]; before?: unknown[] }>, shards = [0]) {
  const clock = createManualClock()
  const orders: LookOrder[] = []
  const event: RegisteredEvent = registered(registration('1.0.0', { payloadSchema: open }))
  const made = createPayloadShapes({
    reads: {
      namesEmitted: async () => Object.keys(payloads).map(name => ({ organizationId: 'org_1', name, emits: 1 })),
      async payloads({ name, before, limit }) {
        const { now, before: old = [] } = payloads[name]!
        return (before === null ? now : old)
          .slice(0, limit)
          .map(payload => ({ emitId: 'cee_1', payload: JSON.stringify(payload) }))
      },
    },
    view: { event: () => event, organization: () => ({ status: 'active' }) as Organization },
    drift: { look: async order => void orders.push(order) },
    shards: 1,
    clock,
  })
  return {
    clock,
    orders,
    async look(): Promise<Observation[]> {
      await made.look(shards)
      return orders.flatMap(order => [...order.observe(undefined as never)])
    },
  }
}
const times = (count: number, payload: unknown) => Array.from({ length: count }, () => payload)

it('payloads of an open schema that have more than it names are a finding with a proposal', async () => {
  const found = await shapes({ 'lettings.viewing': { now: times(30, { id: 'x', rent: 12.5 }) } }).look()
  expect(found).toMatchObject([
    {
      ...{ kind: 'payload_shape', severity: 'warning', entityId: 'lettings.viewing@1.0.0', actual: { samples: 30 } },
      diff: [{ path: '/rent', change: 'unknown_property number' }],
      proposal: { properties: { id: { type: 'string' }, rent: { type: 'number' } } },
    },
  ])
})

it('a kind of the generic event is compared with what it was in the week before', async () => {
  const event = (kind: string, data: object) => ({ kind, data })
  const found = await shapes({
    'platformxe.generic': {
      now: [...times(30, event('signup', { plan: 7 })), ...times(30, event('login', { ok: true }))],
      before: [...times(30, event('signup', { plan: 'PRO' })), ...times(30, event('login', { ok: true }))],
    },
  }).look()
  expect(found).toMatchObject([
    {
      ...{ entityType: 'generic-kind', entityId: 'signup' },
      diff: [{ path: '/plan', change: 'type_changed string to integer' }],
      proposal: { type: 'object', properties: { plan: { type: 'integer' } }, required: ['plan'] },
    },
  ])
})

it('a finding is over when it was not seen for a day; other shards are left to their owners', async () => {
  const { look, orders, clock } = shapes({ 'lettings.viewing': { now: times(30, { id: 'x' }) } })
  expect(await look()).toEqual([])
  const finding = (agoMs: number) =>
    ({ kind: 'payload_shape', lastSeenAt: new Date(clock.nowMs() - agoMs).toISOString() }) as DriftFinding
  expect([orders[0]!.covers(finding(DAY_MS - 1)), orders[0]!.covers(finding(DAY_MS + 1))]).toEqual([false, true])
  const others = shapes({ 'lettings.viewing': { now: times(30, { id: 'x', more: 1 }) } }, [])
  expect(await others.look()).toEqual([])
})
