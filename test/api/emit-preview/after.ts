/** Why a webhook got an event, what is sent again, and lineage. */
import { describe, expect, it } from '@jest/globals'
import { deliveryId } from '../../../src/model/ids.ts'
import { attempt, verdict } from '../../analytics/audit-rows.ts'
import { insertAudit } from '../../analytics/database.ts'
import { clock } from '../../control-plane/control-plane-harness.ts'
import { api, hook, owner, stranger, webhooks } from './set-up.ts'

export function describeAfter(): void {
  describe('why a webhook got an event, or did not', () => {
    it('is a sentence for each webhook of the environment', async () => {
      const later = clock.nowMs() + 1_000
      const event = verdict(1, {
        ...{ organizationId: owner.id, recordedAtMs: Math.floor(later), name: `${owner.slug}.order` },
        canonicalName: `TENANT_CUSTOM:${owner.id}:${owner.slug}.order@1.1.0`,
        payload: Buffer.from('{"total":12.50}'),
        webhooks: [
          { webhookId: webhooks.all!, skipped: null },
          { webhookId: webhooks.large!, skipped: 'condition_false' },
          { webhookId: webhooks.off!, skipped: null },
          { webhookId: 'wh_gone', skipped: null },
        ],
        subscriberCount: 3,
      })
      const delivered = deliveryId(event.eventId!, webhooks.all!)
      await insertAudit(api.analytics, 1, {
        verdicts: [event],
        attempts: [attempt(event, webhooks.all!, delivered)],
      })
      webhooks.young = await hook('young', { events: ['*'] })
      const path = `/api/v1/events/${event.eventId}/why`
      const { data } = await owner.call('GET', path)
      const of = Object.fromEntries(data.webhooks.map((each: { webhookId: string }) => [each.webhookId, each]))
      expect(of[webhooks.all!]).toMatchObject({ outcome: 'delivered', basis: 'recorded', deliveryId: delivered })
      expect(of[webhooks.large!]).toMatchObject({
        ...{ outcome: 'skipped', reason: 'condition', basis: 'recorded' },
        condition: { path: 'payload.total', operator: 'gt', expected: 100, actual: 12.5 },
        sentence: expect.stringContaining('payload.total gt 100 is not met (it is 12.5)'),
      })
      expect(of[webhooks.other!]).toMatchObject({ outcome: 'not_matched', reason: 'selector', basis: 'current' })
      expect(of[webhooks.off!]).toMatchObject({ outcome: 'paused', reason: 'inactive' })
      expect(of.wh_gone).toMatchObject({ outcome: 'pending', name: null })
      const one = await owner.call('GET', `${path}?webhookId=${webhooks.other}`)
      expect(one.data.webhooks).toHaveLength(1)
      expect((await owner.call('GET', `${path}?webhookId=wh_none`)).code).toBe('not_found')
      expect((await stranger.call('GET', path)).code).toBe('not_found')
      const blind = await owner.call('POST', '/api/v1/keys', {
        name: 'b',
        environment: 'live',
        scopes: ['events:read'],
      })
      const seen = await api.as(blind.data.apiKey)('GET', `${path}?webhookId=${webhooks.large}`)
      expect(seen.data.webhooks[0]).toMatchObject({ withheld: true, condition: { expected: 100 } })
      expect(JSON.stringify(seen.data)).not.toContain('12.5')
    })

    it('of one made after the event is that it came later', async () => {
      const early = verdict(2, { organizationId: owner.id, name: `${owner.slug}.order`, webhooks: [] })
      await insertAudit(api.analytics, 2, { verdicts: [early] })
      const { data } = await owner.call('GET', `/api/v1/events/${early.eventId}/why?webhookId=${webhooks.all}`)
      expect(data.webhooks).toMatchObject([{ outcome: 'not_matched', reason: 'created_later', basis: 'recorded' }])
    })
  })

  describe('a dry run of what is sent again', () => {
    it('counts by type and webhook, says what is left out, and sends nothing', async () => {
      const start = Math.floor(clock.nowMs()) - 60_000
      const id = await hook('again', { events: ['shop.order_placed'] })
      const own = { organizationId: owner.id, webhooks: [{ webhookId: id, skipped: null }], subscriberCount: 1 }
      const emits = [0, 1, 2, 3].map(n =>
        verdict(100 + n, { ...own, recordedAtMs: start + n, name: n === 3 ? 'shop.other' : 'shop.order_placed' }),
      )
      const failed = {
        state: 'failed',
        error: 'HTTP 500',
        errorKind: 'status',
        responseStatus: 500,
        number: 4,
      } as const
      const to = (n: number) => deliveryId(emits[n]!.eventId!, id)
      await insertAudit(api.analytics, 3, {
        verdicts: emits,
        attempts: [
          attempt(emits[0]!, id, to(0)),
          attempt(emits[1]!, id, to(1), failed),
          attempt(emits[2]!, id, to(2), failed),
          attempt(emits[3]!, id, to(3), failed),
        ],
      })
      const since = new Date(start).toISOString()
      const path = `/api/v1/webhooks/${id}`
      const redrive = (body: object) =>
        owner.call('POST', '/api/v1/webhooks/dead-letters/redrive', { ...body, dryRun: true })
      expect([(await redrive({ webhookId: id })).status, (await redrive({ webhookId: id })).data]).toMatchObject([
        200,
        {
          ...{ count: 3, countIsExact: true, estimatedSeconds: 1, skipped: [], byWebhook: [{ key: id, count: 3 }] },
          ...{ oldestAt: new Date(start + 1).toISOString(), newestAt: new Date(start + 3).toISOString() },
          byType: [
            { key: 'shop.order_placed', count: 2 },
            { key: 'shop.other', count: 1 },
          ],
        },
      ])
      const none = `dlv_${'0'.repeat(32)}`
      expect((await redrive({ deliveryIds: [to(0), to(1), none] })).data).toMatchObject({
        ...{
          count: 1,
          skipped: [
            { reason: 'not_failed', count: 1 },
            { reason: 'not_found', count: 1 },
          ],
        },
      })
      const recover = await owner.call('POST', `${path}/recover`, { since, dryRun: true })
      expect([recover.status, recover.data]).toMatchObject([200, { count: 3, countIsExact: false }])
      const replay = await owner.call('POST', `${path}/replay`, {
        from: since,
        selectors: ['shop.order_placed'],
        ratePerSecond: 1,
        dryRun: true,
      })
      expect(replay.data).toMatchObject({ count: 3, estimatedSeconds: 3 })
      const subscription = `/api/v1/event-subscriptions/${id.replace('wh_', 'evs_')}/replay`
      expect((await owner.call('POST', subscription, { from: since, dryRun: true })).data).toMatchObject({ count: 4 })
      expect(api.view.list('replay', owner.id)).toEqual([])
      await owner.call('PATCH', path, { active: false })
      expect((await redrive({ webhookId: id })).data).toMatchObject({
        count: 0,
        skipped: [{ reason: 'webhook_inactive', count: 3 }],
      })
      for (const wrong of [{ from: since, selectors: ['no selector'] }, { from: 'yesterday' }])
        expect((await owner.call('POST', `${path}/replay`, { ...wrong, dryRun: true })).status).toBe(400)
      expect((await stranger.call('POST', `${path}/recover`, { since, dryRun: true })).code).toBe('not_found')
    })
  })

  describe('the lineage of an event', () => {
    it('has the events of its chain, their deliveries, and foreign ends by kind and depth alone', async () => {
      const own = { organizationId: owner.id, recordedAtMs: Math.floor(clock.nowMs()) - 30_000 }
      const to = { webhooks: [{ webhookId: webhooks.all!, skipped: null }], subscriberCount: 1 }
      const root = { ...verdict(200, { ...own, ...to, name: 'shop.root' }) }
      root.rootEventId = root.eventId
      const below = { ...own, rootEventId: root.eventId }
      const child = verdict(201, { ...below, name: 'shop.child', causationId: root.eventId, depth: 1 })
      const leaf = verdict(202, { ...below, name: 'shop.leaf', causationId: child.eventId, depth: 2 })
      const other = verdict(203, { ...own, name: 'shop.unrelated', rootEventId: 'evt_other' })
      const relay = {
        ...{
          relayId: 'cefr_lineage',
          step: 0 as const,
          organizationId: owner.id,
          groupId: 'cefg_1',
          pushId: 'cefp_1',
          memberId: 'cefm_secret',
        },
        ...{
          memberOrganizationId: 'org_secret',
          sourceEventId: leaf.eventId!,
          sourceEmitId: leaf.emitId,
          sourceCanonicalName: 'x',
        },
        ...{
          targetEventId: null,
          targetCanonicalName: null,
          deliveryId: null,
          status: 'queued' as const,
          skipReason: null,
          lastError: null,
        },
        ...{ queuedAtMs: own.recordedAtMs, atMs: own.recordedAtMs },
      }
      await insertAudit(api.analytics, 4, {
        verdicts: [root, child, leaf, other],
        attempts: [attempt(root, webhooks.all!, deliveryId(root.eventId!, webhooks.all!))],
        relays: [relay],
      })
      const graph = await owner.call('GET', `/api/v1/events/${child.eventId}/lineage`)
      expect(graph.status).toBe(200)
      const { nodes, edges, folded } = graph.data
      const delivery = `${webhooks.all}@${root.eventId}`
      const peer = `cefm_secret@${leaf.eventId}`
      expect(
        nodes.map((node: { id: string; kind: string; depth: number; closed: boolean }) => [
          node.id,
          node.kind,
          node.depth,
          node.closed,
        ]),
      ).toEqual([
        [root.eventId, 'event', 0, false],
        [child.eventId, 'event', 1, false],
        [leaf.eventId, 'event', 2, false],
        [delivery, 'webhook', 0, false],
        [peer, 'peer', 3, true],
      ])
      expect(edges).toEqual([
        { from: root.eventId, to: child.eventId, kind: 'caused' },
        { from: child.eventId, to: leaf.eventId, kind: 'caused' },
        { from: root.eventId, to: delivery, kind: 'delivered' },
        { from: leaf.eventId, to: peer, kind: 'relayed' },
      ])
      expect(folded).toEqual([])
      expect(JSON.stringify(graph.data)).not.toContain('org_secret')
      expect((await stranger.call('GET', `/api/v1/events/${child.eventId}/lineage`)).code).toBe('not_found')
    })

    it('of more than is shown is folded by parent and type', async () => {
      const own = { organizationId: owner.id, recordedAtMs: Math.floor(clock.nowMs()) - 20_000 }
      const root = verdict(1_000, { ...own, name: 'shop.many' })
      root.rootEventId = root.eventId
      const many = Array.from({ length: 520 }, (_, n) =>
        verdict(1_001 + n, {
          ...own,
          name: 'shop.part',
          rootEventId: root.eventId,
          causationId: root.eventId,
          depth: 1,
        }),
      )
      await insertAudit(api.analytics, 5, { verdicts: [root, ...many] })
      const { data } = await owner.call('GET', `/api/v1/events/${root.eventId}/lineage`)
      expect([data.nodes.length, data.edges.length]).toEqual([500, 499])
      expect(data.folded).toEqual([{ parent: root.eventId, type: 'shop.part', count: 21 }])
    })
  })
}
