/** Orders, resources, clusters and instances. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { INSTANCE_TRANSITIONS, type InstanceAction } from '../../../src/domain/instances.ts'
import { createDesk } from '../desk.ts'
import { DAY_MS } from './set-up.ts'

export function describeThings(): void {
  describe('an order', () => {
    const items = [{ sku: 'vm-1', quantity: 1 }, { sku: 'db-1', quantity: 2, kind: 'database' }] // biome-ignore format: a table

    it('is provisioned after its time with a resource for each item, and each announces itself once', () => {
      const desk = createDesk()
      const { id, status } = desk.do('order.create', { customer_id: 'c1', items })
      expect([status, desk.types()]).toEqual(['created', ['order.created']])
      desk.pass(1_000)
      expect(desk.get('order', id).status).toBe('provisioning')
      desk.pass(1_000)
      expect(desk.get('order', id)).toMatchObject({
        status: 'provisioned',
        resources: [{ kind: 'server', status: 'active' }, { kind: 'database', status: 'active' }], // biome-ignore format: a table
      })
      expect(desk.types()).toEqual(['order.created', 'resource.created', 'resource.created', 'order.provisioned'])
      desk.pass(DAY_MS)
      expect(desk.events).toHaveLength(4)
    })

    it('fails with failNext in the test environment, which live refuses', () => {
      const test = createDesk({ environment: 'test' })
      test.do('order.create', { customer_id: 'c1', items, failNext: true })
      test.pass(2_000)
      expect(test.types()).toEqual(['order.created', 'order.failed'])
      expect(test.events[1]!.data).toMatchObject({ customer_id: 'c1', error: expect.stringContaining('failNext') })
      expect(createDesk().refused('order.create', { customer_id: 'c1', items, failNext: true })).toBe(
        'validation_failed',
      )
    })

    it('fails where the plan has no room for its resources, and makes none of them', () => {
      const desk = createDesk({ recordsMax: 3 })
      for (let n = 0; n < 2; n++) desk.do('order.create', { customer_id: 'c1', items })
      desk.pass(2_000)
      expect(desk.types().filter(type => type !== 'order.created')).toEqual([
        ...['resource.created', 'resource.created', 'order.provisioned', 'order.failed'],
      ])
      expect(desk.books.live('resource')).toBe(2)
    })
  })

  describe('a resource', () => {
    it('changes its status until it is deleted', () => {
      const desk = createDesk()
      desk.do('order.create', { customer_id: 'c1', items: [{ sku: 'a', quantity: 1 }] })
      desk.pass(2_000)
      const { id } = [...desk.books.all('resource')][0]!
      desk.do('resource.change', { status: 'degraded' }, { id })
      expect(desk.refused('resource.change', { status: 'degraded' }, { id })).toBe('invalid_transition')
      desk.do('resource.delete', {}, { id })
      expect(desk.refused('resource.delete', {}, { id })).toBe('invalid_transition')
      expect(desk.refused('resource.change', { status: 'active' }, { id })).toBe('invalid_transition')
      expect(desk.events.slice(-2)).toMatchObject([
        { type: 'resource.status_changed', data: { resource_id: id, status: 'degraded', previous_status: 'active' } },
        { type: 'resource.deleted', data: { resource_id: id, status: 'deleted', previous_status: 'degraded' } },
      ])
    })
  })

  describe('a cluster', () => {
    it('scales and is ready again after a while; in between it cannot be scaled', () => {
      const desk = createDesk()
      const { id } = desk.do('cluster.create', { name: 'web', node_count: 3 })
      expect(desk.ask('cluster.scale', { node_count: 5 }, { id })).toMatchObject({
        status: 202,
        body: { previous: 3, target: 5, changed: true },
      })
      expect(desk.refused('cluster.scale', { delta: 1 }, { id })).toBe('scaling_in_progress')
      expect(desk.refused('cluster.delete', {}, { id })).toBe('invalid_transition')
      expect(desk.get('cluster', id)).toMatchObject({ status: 'scaling', node_count: 3, target: 5 })
      desk.pass(2_000)
      expect(desk.get('cluster', id)).toMatchObject({ status: 'ready', node_count: 5, target: null })
      expect(desk.events.slice(1)).toMatchObject([
        { data: { kind: 'cluster', previous_status: 'ready', status: 'scaling' } },
        { data: { kind: 'cluster', previous_status: 'scaling', status: 'ready' } },
      ])
    })

    it('is clamped for a delta, and refuses a number out of bounds', () => {
      const desk = createDesk()
      const { id } = desk.do('cluster.create', { name: 'web', node_count: 19 })
      for (const node_count of [0, 21])
        expect(desk.refused('cluster.scale', { node_count }, { id })).toBe('node_count_out_of_bounds')
      expect(desk.do('cluster.scale', { delta: 2, max: 20 }, { id })).toMatchObject({ previous: 19, target: 20 })
      desk.pass(2_000)
      const events = desk.events.length
      expect(desk.do('cluster.scale', { delta: 2, max: 20 }, { id })).toMatchObject({ target: 20, changed: false })
      expect([desk.events.length, desk.get('cluster', id).revision]).toEqual([events, 3])
    })

    it('stays within its bounds, whatever is asked for', () => {
      const bounds = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }), fc.nat(30))
      const steps = fc.array(
        fc.oneof(
          fc.record({ delta: fc.integer({ min: -40, max: 40 }) }),
          fc.record({ delta: fc.integer({ min: -40, max: 40 }), max: fc.nat(40) }),
          fc.record({ node_count: fc.nat(40) }),
        ),
      )
      fc.assert(
        fc.property(bounds, steps, ([a, b, part], given) => {
          const [min, max] = [Math.min(a, b), Math.max(a, b)]
          const desk = createDesk()
          const { id } = desk.do('cluster.create', {
            name: 'web',
            node_count: min + (part % (max - min + 1)),
            min,
            max,
          })
          for (const each of given) {
            desk.refused('cluster.scale', each, { id })
            desk.pass(2_000)
            const { node_count } = desk.get('cluster', id) as unknown as { node_count: number }
            expect(node_count).toBeGreaterThanOrEqual(min)
            expect(node_count).toBeLessThanOrEqual(max)
          }
        }),
      )
    })
  })

  describe('an instance', () => {
    it('announces each transition that its state allows, and refuses all others without a change', () => {
      const actions = Object.keys(INSTANCE_TRANSITIONS) as InstanceAction[]
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...actions)), given => {
          const desk = createDesk()
          const { id } = desk.do('instance.create', { name: 'api', image: 'app:1' })
          for (const action of given) {
            const before = desk.get('instance', id)
            const count = desk.events.length
            const isAllowed = (INSTANCE_TRANSITIONS[action].from as readonly string[]).includes(before.status)
            const refusal = desk.refused(`instance.${action}`, { replicas: 2 }, { id })
            expect(refusal).toBe(isAllowed ? undefined : 'invalid_transition')
            const after = desk.get('instance', id)
            expect(after.revision).toBe(before.revision + (isAllowed ? 1 : 0))
            expect(desk.types().slice(count)).toEqual(isAllowed ? [INSTANCE_TRANSITIONS[action].event] : [])
          }
        }),
      )
    })

    it('goes on after a suspension as it was before', () => {
      const desk = createDesk()
      const { id } = desk.do('instance.create', { name: 'api', image: 'app:1' })
      desk.do('instance.start', {}, { id })
      desk.do('instance.suspend', { reason: 'unpaid' }, { id })
      expect(desk.do('instance.unsuspend', {}, { id }).status).toBe('running')
      expect(desk.events.at(-2)!.data).toMatchObject({ instance_id: id, reason: 'unpaid', previous_status: 'running' })
    })
  })

  it('a deployment succeeds or fails once, and may be rolled back', () => {
    const desk = createDesk()
    const { id: instance_id } = desk.do('instance.create', { name: 'api', image: 'app:1' })
    const { id } = desk.do('deployment.create', { instance_id, release: '1.2.0' })
    desk.do('deployment.succeed', {}, { id })
    expect(desk.refused('deployment.fail', {}, { id })).toBe('invalid_transition')
    desk.do('deployment.rollback', { reason: 'slow' }, { id })
    expect(desk.refused('deployment.rollback', {}, { id })).toBe('invalid_transition')
    expect(desk.types().slice(1)).toEqual(['deploy.started', 'deploy.succeeded', 'deploy.rolled_back'])
    expect(desk.refused('deployment.create', { instance_id: 'ins_x', release: '1' })).toBe('not_found')
  })
}
