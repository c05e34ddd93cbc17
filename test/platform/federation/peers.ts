/** Peers that are paused, in conflict, or slow. */
import { describe, expect, it } from '@jest/globals'
import type { TestOrganization } from '../../support/platform.ts'
import { createReceiver } from '../../support/receiver.ts'
import { BASE, emit, federation, GROUPS, logOf, must, platform, register, relaysOf, until } from './set-up.ts'

export function describePeers(): void {
  describe('a peer that', () => {
    it('is paused, or whose plan is gone, gets nothing, which is written down; later events reach it again', async () => {
      const { owner, group, peers, members, name } = await federation(2)
      const [paused, dropped] = peers as [TestOrganization, TestOrganization]
      const plan = (org: TestOrganization, to: string) =>
        must(platform.call(platform.adminKey, 'PATCH', `/api/v1/organizations/${org.org.id}`, { plan: to }))
      await must(owner.call('POST', `${GROUPS}/${group}/members/${members[0]}/pause`))
      await plan(dropped, 'PRO')
      await must(emit(owner, name, { n: 1 }))
      const relays = await until(
        'the relays',
        () => relaysOf(owner, group),
        all => all.length === 2,
      )
      expect(Object.fromEntries(relays.map(each => [each.memberId, [each.status, each.skipReason]]))).toEqual({
        [members[0]!]: ['skipped', 'paused'],
        [members[1]!]: ['skipped', 'plan'],
      })
      await must(owner.call('POST', `${GROUPS}/${group}/members/${members[0]}/resume`))
      await plan(dropped, 'ENTERPRISE')
      await must(emit(owner, name, { n: 2 }))
      for (const peer of [paused, dropped])
        expect((await logOf(peer, 1)).map(record => JSON.parse(record.value!.toString()).n)).toEqual([2])
      await plan(owner, 'PRO')
      await must(emit(owner, name, { n: 3 }))
      // The owner itself reads nothing of federation without the plan.
      expect((await owner.call('GET', `${GROUPS}/${group}/relays`)).code).toBe('federation_not_available')
      await plan(owner, 'ENTERPRISE')
      const after = await until(
        'the third',
        () => relaysOf(owner, group, '&status=skipped'),
        all => all.length === 4,
      )
      expect(after.filter(each => each.skipReason === 'plan')).toHaveLength(3)
      await must(emit(owner, name, { n: 4 }))
      expect((await logOf(paused, 2)).map(record => JSON.parse(record.value!.toString()).n)).toEqual([2, 4])
    })

    it('registered another schema under the name meanwhile fails the relay; once renamed it can be tried again, and comes once', async () => {
      const { owner, group, peers, members, name } = await federation(1)
      const peer = peers[0]!
      await must(
        platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${peer.org.id}/namespaces`, {
          namespace: owner.slug,
        }),
      )
      await register(peer, 'order.made', owner.slug, { type: 'object', required: ['other'] })
      await must(emit(owner, name, { n: 1 }))
      const [failed] = await until(
        'the failure',
        () => relaysOf(owner, group),
        all => all[0]?.status === 'failed',
      )
      expect([failed!.lastError, failed!.targetEventId]).toEqual(['federation_name_conflict', null])
      expect((await peer.call('POST', `${BASE}/relays/${failed!.id}/retry`)).code).toBe('not_group_owner')
      const stranger = await platform.organization()
      expect((await stranger.call('POST', `${BASE}/relays/${failed!.id}/retry`)).code).toBe(
        'federation_relay_not_found',
      )
      await must(peer.call('PATCH', `${GROUPS}/${group}/members/${members[0]}`, { inboundNamespace: peer.slug }))
      const retried = await Promise.all(
        Array.from({ length: 3 }, () => owner.call('POST', `${BASE}/relays/${failed!.id}/retry`)),
      )
      expect(retried.map(each => each.status)).toEqual([202, 202, 202])
      const [relayed] = await until(
        'the relay',
        () => relaysOf(owner, group),
        all => all[0]?.status === 'relayed',
      )
      expect([relayed!.id, relayed!.targetCanonicalName]).toEqual([
        failed!.id,
        `TENANT_CUSTOM:${peer.org.id}:${peer.slug}.order.made@1.0.0`,
      ])
      await must(emit(owner, name, { n: 2 }))
      expect((await logOf(peer, 2)).map(record => JSON.parse(record.value!.toString()).n)).toEqual([1, 2])
      expect((await owner.call('POST', `${BASE}/relays/${failed!.id}/retry`)).code).toBe('relay_not_failed')
    })

    it('is an endpoint that hangs delays neither the others nor the owner; removed, its waiting deliveries are cancelled', async () => {
      const { owner, group, peers, name } = await federation(1)
      const slow = await createReceiver({ answer: () => 'hang' })
      const add = { label: 'slow', webhookUrl: `${slow.url}/slow` }
      const { peer: external } = await must(
        owner.call<{ peer: { id: string } }>('POST', `${GROUPS}/${group}/external-peers`, add),
      )
      const items = Array.from({ length: 40 }, (_, n) => ({ name, payload: { n } }))
      await must(owner.call('POST', '/api/v1/events/custom/emit/batch', { items }))
      await logOf(peers[0]!, 40)
      await until(
        'a request',
        async () => slow.requests.length,
        count => count > 0,
      )
      await must(owner.call('DELETE', `${BASE}/external-peers/${external.id}`))
      slow.cut()
      const done = await until(
        'no relay open',
        () => relaysOf(owner, group, `&memberId=${external.id}`),
        all => all.length === 40 && all.every(each => each.status === 'skipped'),
      )
      expect(new Set(done.map(each => each.status))).toEqual(new Set(['skipped']))
      await slow.close()
    }, 60_000)
  })
}
