/** System notices: what the platform itself reports, and where to. */
import { describe, expect, it } from '@jest/globals'
import type { TestOrganization } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { CHANNELS, channel, json, list, mailsTo, NOTIFICATIONS, platform, receiver, settled } from './set-up.ts'

export function describeNotices(): void {
  describe('system notices', () => {
    it('go to the owner and in-app without any settings, and where the preferences say with them', async () => {
      const organization = await platform.organization()
      const dead = await receiver(() => ({ status: 410 }))
      const webhook = async () =>
        (await organization.call<{ id: string }>('POST', '/api/v1/webhooks', { url: dead.url, events: ['*'] })).data.id
      const first = await webhook()
      const emit = () =>
        organization.call('POST', '/api/v1/events/custom/emit', { name: 'platformxe.generic', payload: { kind: 'x' } })
      await emit()
      const notices = await settled(organization, 2)
      expect(notices.map(({ channel: name, kind, severity, source }) => [name, kind, severity, source]).sort()).toEqual(
        [
          ['account-owner', 'webhook_disabled', 'critical', { kind: 'system', id: first }],
          ['in-app', 'webhook_disabled', 'critical', { kind: 'system', id: first }],
        ],
      )
      expect(mailsTo(`${organization.slug}@example.test`)).toHaveLength(1)

      const slack = await receiver()
      await channel(organization, { name: 'ops', type: 'slack_webhook', config: { url: slack.url } })
      const put = await organization.call<{ notices: Record<string, string[]> }>(
        'PUT',
        `${NOTIFICATIONS}/preferences`,
        {
          notices: { webhook_disabled: ['ops'], quota: [] },
        },
      )
      expect(put.data.notices).toMatchObject({
        ...{ webhook_disabled: ['ops'], quota: [], key_expiring: ['account-owner', 'in-app'] },
      })
      const second = await webhook()
      await emit()
      const [request] = await slack.received(1)
      expect(String(json(request!).text)).toContain(second)
      expect((await settled(organization, 3)).map(({ channel: name }) => name)[0]).toBe('ops')

      expect((await organization.call('DELETE', `${CHANNELS}/ops`)).status).toBe(200)
      const after = await organization.call<{ notices: Record<string, string[]> }>(
        'GET',
        `${NOTIFICATIONS}/preferences`,
      )
      expect(after.data.notices.webhook_disabled).toEqual(['account-owner', 'in-app'])
      expect(after.data.notices.quota).toEqual([])
    }, 60_000)

    it('tell of invitations, of quotas and of replays that have ended', async () => {
      const [owner, invited] = [await platform.organization(), await platform.organization()]
      const groups = '/api/v1/events/custom/federation/groups'
      const group = await owner.call<{ id: string }>('POST', groups, { name: 'Partners' })
      const invite = await owner.call('POST', `${groups}/${group.data.id}/invite`, {
        memberOrganizationId: invited.org.id,
      })
      expect([invite.status, invite.body]).toEqual([201, expect.anything()])
      const kinds = async (organization: TestOrganization) =>
        (await list(organization, '&channel=in-app')).map(({ kind }) => kind)
      await until(
        () => kinds(invited),
        found => found.includes('federation_invite'),
      )
      expect(await kinds(owner)).toEqual([])

      const basic = await platform.organization('BASIC')
      for (let n = 0; n < 4; n++) {
        const name = `thing${n}`
        await basic.call('POST', '/api/v1/events/custom', {
          ...{ namespace: basic.slug, name, version: '1.0.0', payloadSchema: { type: 'object' } },
        })
      }
      await until(
        () => kinds(basic),
        found => found.includes('quota'),
      )
    }, 60_000)
  })
}
