/** Every kind of the reference domain: its transitions, what they announce, and what they refuse. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { INSTANCE_TRANSITIONS, type InstanceAction } from '../../src/domain/instances.ts'
import { createDesk } from './desk.ts'

const DAY_MS = 86_400_000

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
    expect(createDesk().refused('order.create', { customer_id: 'c1', items, failNext: true })).toBe('validation_failed')
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
        const { id } = desk.do('cluster.create', { name: 'web', node_count: min + (part % (max - min + 1)), min, max })
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

it('the third failure of a health check in a row degrades, and the next pass recovers', () => {
  const desk = createDesk()
  const { id } = desk.do('instance.create', { name: 'api', image: 'app:1' })
  const report = (status: string) => desk.do('instance.health', { check_id: 'http', status }, { id })
  for (const status of ['failed', 'failed', 'passed', 'failed', 'failed', 'failed', 'failed', 'passed', 'passed'])
    report(status)
  expect(desk.types().slice(1)).toEqual([
    ...['health.failed', 'health.failed', 'health.passed', 'health.failed', 'health.failed'],
    ...['health.failed', 'health.degraded', 'health.failed', 'health.passed', 'health.recovered', 'health.passed'],
  ])
  desk.do('instance.delete', {}, { id })
  expect(desk.books.live('health_check')).toBe(0)
})

describe('a domain', () => {
  it('that is verified gets a certificate, which warns 14 days before it expires and is renewed once more verified', () => {
    const desk = createDesk()
    const { id } = desk.do('domain.add', { hostname: 'Shop.Example.com' })
    expect(desk.refused('domain.add', { hostname: 'shop.example.com' })).toBe('conflict')
    desk.do('domain.verify', {}, { id })
    expect(desk.refused('domain.verify', {}, { id })).toBe('invalid_transition')
    desk.pass(2_000)
    const expiresAt = new Date(desk.nowMs() + 90 * DAY_MS).toISOString()
    expect(desk.events.at(-1)).toMatchObject({ type: 'cert.provisioned', data: { expires_at: expiresAt } })
    desk.pass(76 * DAY_MS - 1)
    expect(desk.types()).not.toContain('cert.expiring')
    desk.pass(1)
    expect(desk.events.at(-1)).toMatchObject({ type: 'cert.expiring', data: { hostname: 'shop.example.com' } })
    desk.do('domain.verify', {}, { id })
    desk.pass(2_000)
    desk.do('domain.remove', {}, { id })
    expect(desk.types()).toEqual([
      ...['domain.added', 'domain.verified', 'cert.provisioned', 'cert.expiring', 'cert.provisioned', 'domain.removed'],
    ])
    desk.pass(200 * DAY_MS)
    expect(desk.events).toHaveLength(6)
    expect(desk.refused('domain.add', { hostname: 'shop.example.com' })).toBeUndefined()
  })

  it('whose certificate nobody renews has warned once when it expires, and can be verified again', () => {
    const desk = createDesk()
    const { id } = desk.do('domain.add', { hostname: 'shop.example.com' })
    desk.do('domain.verify', { certificate_days: 20 }, { id })
    desk.pass(2_000)
    const certificate = () => (desk.ask('domain.get', {}, { id }).body as { certificate: object }).certificate
    desk.pass(20 * DAY_MS - 1)
    expect(certificate()).toMatchObject({ status: 'expiring' })
    desk.pass(1)
    expect(certificate()).toMatchObject({ status: 'expired' })
    desk.pass(100 * DAY_MS)
    expect(desk.types().filter(type => type === 'cert.expiring')).toHaveLength(1)
    desk.do('domain.verify', {}, { id })
    desk.pass(2_000)
    expect([certificate(), desk.types().at(-1)]).toMatchObject([{ status: 'provisioned' }, 'cert.provisioned'])
  })
})

describe('an alert', () => {
  const rule = { metric: 'cpu', operator: 'gt', threshold: 90 }

  it('fires once at the crossing, for each cluster, and again only after it has come back below clearBelow', () => {
    const desk = createDesk()
    const a = desk.do('cluster.create', { name: 'a', node_count: 3 }).id
    const b = desk.do('cluster.create', { name: 'b', node_count: 3 }).id
    desk.do('alert_rule.create', { ...rule, clearBelow: 80 })
    const judge = (cluster_id: string, value: number) =>
      (desk.do('metric.judge', { cluster_id, metric: 'cpu', value }) as unknown as { triggered: string[] }).triggered
        .length
    const values = [90, 91, 99, 85, 92, 79, 91]
    expect(values.map(value => judge(a, value))).toEqual([0, 1, 0, 0, 0, 0, 1])
    expect(judge(b, 95)).toBe(1)
    expect(desk.events.at(-1)).toMatchObject({
      type: 'alert.triggered',
      data: { metric: 'cpu', value: 95, threshold: 90, cluster_id: b },
    })
    const ids = desk.events.filter(({ type }) => type === 'alert.triggered').map(({ data }) => data.alert_id)
    expect(new Set(ids).size).toBe(3)
  })

  it('that crosses nothing changes nothing', () => {
    const desk = createDesk()
    const { id } = desk.do('cluster.create', { name: 'a', node_count: 3 })
    const made = desk.do('alert_rule.create', { ...rule, cluster_id: id })
    for (const value of [1, 50, 90]) desk.do('metric.judge', { cluster_id: id, metric: 'cpu', value })
    desk.do('metric.judge', { cluster_id: id, metric: 'memory', value: 99 })
    expect(desk.get('alert_rule', made.id).revision).toBe(1)
    expect(desk.refused('metric.judge', { cluster_id: 'clu_x', metric: 'cpu', value: 1 })).toBe('not_found')
  })

  it('refuses a rule that contradicts itself', () => {
    const desk = createDesk()
    for (const wrong of [{ operator: 'lt', clearBelow: 1 }, { clearBelow: 91 }])
      expect(desk.refused('alert_rule.create', { ...rule, ...wrong })).toBe('validation_failed')
    expect(desk.refused('alert_rule.create', { ...rule, cluster_id: 'clu_x' })).toBe('not_found')
  })
})

it('a design announces each change, and takes each suggestion once', () => {
  const desk = createDesk()
  const made = desk.do('design.create', { name: 'Poster', userId: 'u1' })
  const { id } = made
  desk.do('design.change', { name: 'Flyer' }, { id })
  desk.do('design.change', { name: 'Flyer' }, { id })
  desk.do('design.element', { type: 'text', properties: { text: 'Sale' } }, { id })
  desk.do('design.export', { format: 'png' }, { id })
  desk.do('design.share', { visibility: 'public' }, { id })
  expect(desk.do('design.suggestion', {}, { id, part: '2' })).toMatchObject({ n: 2, applied: true })
  expect(desk.refused('design.suggestion', {}, { id, part: '2' })).toBe('invalid_transition')
  expect(desk.refused('design.suggestion', {}, { id, part: '9' })).toBe('not_found')
  desk.do('design.delete', {}, { id })
  expect(desk.refused('design.change', { name: 'x' }, { id })).toBe('not_found')
  expect(desk.types()).toEqual([
    ...['design.created', 'design.updated', 'element.added', 'design.exported', 'design.shared'],
    ...['ai.suggestion.applied', 'design.deleted'],
  ])
  expect(desk.events[1]!.data).toMatchObject({ designId: id, name: 'Flyer', changes: { name: 'Flyer' } })
})

const ORDER = { customer_id: 'c1', items: [{ sku: 'a', quantity: 1 }] }

describe('records', () => {
  it('with another revision than If-Match says are not changed', () => {
    const desk = createDesk()
    const { id } = desk.do('design.create', { name: 'a' })
    expect(desk.refused('design.change', { name: 'b' }, { id, ifMatch: 2 })).toBe('revision_conflict')
    desk.do('design.change', { name: 'b' }, { id, ifMatch: 1 })
    expect(desk.get('design', id)).toMatchObject({ name: 'b', revision: 2 })
  })

  it('are at most as many as the plan allows; those that have ended leave room, and the newest of them stay', () => {
    const desk = createDesk({ recordsMax: 2, endedMax: 3 })
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      const { id } = desk.do('instance.create', { name: 'i', image: 'a' })
      desk.do('instance.delete', {}, { id })
      ids.push(id)
      desk.pass(1)
    }
    for (let n = 0; n < 2; n++) desk.do('instance.create', { name: 'i', image: 'a' })
    expect(desk.refused('instance.create', { name: 'i', image: 'a' })).toBe('domain_limit_exceeded')
    expect(ids.map(id => desk.books.find('instance', id) !== undefined)).toEqual([false, false, true, true, true])
  })

  it('are at most so large together: ended ones go sooner, and then there is no room until some go', () => {
    const desk = createDesk({ charactersMax: 10_000 })
    const large = { name: 'd', description: 'x'.repeat(1_000) }
    const { id } = desk.do('instance.create', { name: 'i', image: 'a' })
    desk.do('instance.delete', {}, { id })
    const designs: string[] = []
    for (let isFull = false; !isFull; isFull = desk.refused('order.create', ORDER) !== undefined)
      designs.push(desk.do('design.create', large).id)
    expect(designs.length).toBeGreaterThan(4)
    expect(desk.refused('design.create', large)).toBe('domain_limit_exceeded')
    desk.do('design.delete', {}, { id: designs[0]! })
    desk.do('instance.delete', {}, { id: desk.do('instance.create', { name: 'i', image: 'a' }).id })
    expect(desk.books.find('instance', id)).toBeUndefined()
  })

  it('are listed newest first, in pages that miss and repeat none', () => {
    const desk = createDesk()
    const made = Array.from({ length: 7 }, () => {
      desk.pass(1)
      return desk.do('design.create', { name: 'd' }).id
    })
    const seen: string[] = []
    let before: string | undefined
    for (let hasMore = true; hasMore; ) {
      const page = desk.ask('design.list', { limit: 3, before, where: {} }).body as {
        items: Array<{ id: string }>
        hasMore: boolean
      }
      seen.push(...page.items.map(({ id }) => id))
      before = page.items.at(-1)?.id
      hasMore = page.hasMore
    }
    expect(seen).toEqual(made.toReversed())
  })
})
