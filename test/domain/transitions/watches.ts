/** Checks, domains, alerts, designs and the bounds of records. */
import { describe, expect, it } from '@jest/globals'
import { createDesk } from '../desk.ts'
import { DAY_MS, ORDER } from './set-up.ts'

export function describeWatches(): void {
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
        ...[
          'domain.added',
          'domain.verified',
          'cert.provisioned',
          'cert.expiring',
          'cert.provisioned',
          'domain.removed',
        ],
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
}
