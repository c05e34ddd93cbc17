/** Webhooks that are switched, rotated, or beyond the plan. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { clock } from '../../control-plane/control-plane-harness.ts'
import { api, call, create, last, owner, receiver, verified, WEBHOOKS } from './set-up.ts'

export function describeChanges(): void {
  describe('a webhook that is switched off', () => {
    it('is switched on by activate, from where it stopped or from now on; again it changes nothing', async () => {
      const { id } = await create()
      const path = `${WEBHOOKS}/${id}`
      const stored = () => api.view.find('webhook', owner.id, id)
      for (const [body, expected] of [
        [undefined, null],
        [{}, null],
        [{ resume: 'latest' }, expect.stringMatching(/Z$/)],
        [{ resume: 'from_pause' }, null],
      ] as const) {
        expect((await call('PATCH', path, { active: false })).data).toMatchObject({
          active: false,
          pausedAt: expect.any(String),
        })
        const activated = await call('POST', `${path}/activate`, body)
        expect([activated.status, activated.data.active, activated.data.pausedAt]).toEqual([200, true, null])
        expect(stored()?.resumeAfter).toEqual(expected)
      }
      const { revision } = stored()!
      expect((await call('POST', `${path}/activate`)).data.revision).toBe(revision)
      expect((await call('POST', `${path}/activate`, { resume: 'now' })).code).toBe('validation_failed')
      expect((await call('POST', `${path}/activate`, {}, { 'if-match': '1' })).code).toBe('revision_conflict')
    })
  })

  describe('the rotation of a secret', () => {
    it('shows the new one once; both sign until the former ends; there is one at a time', async () => {
      const webhook = await create({ signatureProfiles: ['standard', 'platphorm'] })
      const path = `${WEBHOOKS}/${webhook.id}`
      const beforeMs = clock.nowMs()
      const { status, data } = await call('POST', `${path}/rotate`)
      expect([status, data.id, data.revision]).toEqual([200, webhook.id, 2])
      expect(data.secret).toMatch(/^whsec_/)
      expect(Date.parse(data.previousSecretExpiresAt) - beforeMs).toBeGreaterThan(19_000)
      expect(Date.parse(data.previousSecretExpiresAt) - beforeMs).toBeLessThan(40_000)
      expect((await call('GET', path)).data).not.toHaveProperty('secret')

      await call('POST', `${path}/test`)
      expect([verified(data.secret), verified(webhook.secret)]).toEqual([true, true])
      const signed = (secret: string) => `sha256=${createHmac('sha256', secret).update(last().body).digest('hex')}`
      expect(last().headers).toMatchObject({
        'x-platphorm-signature': signed(webhook.secret),
        'x-platphorm-signature-next': signed(data.secret),
      })

      const again = await call('POST', `${path}/rotate-secret`, { secret: 'another secret of mine' })
      expect([again.status, again.code]).toEqual([409, 'secret_rotation_in_progress'])
      const now = await call('POST', `${path}/rotate-secret`, { secret: 'another secret of mine', immediate: true })
      expect(now.data).toMatchObject({ secret: 'another secret of mine', previousSecretExpiresAt: null })
      await call('POST', `${path}/test`)
      expect([verified(data.secret), verified(webhook.secret)]).toEqual([false, false])
      expect(last().headers).toMatchObject({ 'x-platphorm-signature': signed('another secret of mine') })
    })

    it('refuses an invalid secret, and another revision', async () => {
      const { id } = await create()
      for (const secret of ['short', 'x'.repeat(257), `whpk_${'x'.repeat(40)}`]) {
        const reply = await call('POST', `${WEBHOOKS}/${id}/rotate`, { secret })
        expect([reply.code, reply.body.error?.details?.[0]?.path]).toEqual(['validation_failed', '/secret'])
      }
      expect((await call('POST', `${WEBHOOKS}/${id}/rotate`, {}, { 'if-match': '7' })).code).toBe('revision_conflict')
    })

    it('a secret that is patched ends the others at once', async () => {
      const webhook = await create()
      const path = `${WEBHOOKS}/${webhook.id}`
      await call('POST', `${path}/rotate`)
      const patched = await call('PATCH', path, { secret: 'a secret by patch, long enough' })
      expect([patched.data.previousSecretExpiresAt, patched.data.secret]).toEqual([null, undefined])
      await call('POST', `${path}/test`)
      expect(verified(webhook.secret)).toBe(false)
    })
  })

  it('after a downgrade the newest beyond the plan can be paused and deleted, and nothing else', async () => {
    const { id: organizationId, call } = await api.organization('BASIC')
    const ids: string[] = []
    for (let n = 0; n < 4; n++)
      ids.push((await call('POST', WEBHOOKS, { url: receiver.url, events: ['*'], active: n !== 3 })).data.id)
    await api.operator('PATCH', `/api/v1/organizations/${organizationId}`, { plan: 'FREE' })
    const code = async (method: string, at: number, path = '', body?: object) => {
      const reply = await call(method, `${WEBHOOKS}/${ids[at]}${path}`, body)
      return [reply.status, reply.code]
    }
    for (const at of [0, 1]) expect(await code('PATCH', at, '', { name: 'kept' })).toEqual([200, undefined])
    for (const at of [2, 3]) {
      expect(await code('PATCH', at, '', { name: 'beyond' })).toEqual([402, 'webhook_quota_exceeded'])
      expect(await code('POST', at, '/rotate')).toEqual([402, 'webhook_quota_exceeded'])
      expect(await code('GET', at)).toEqual([200, undefined])
    }
    expect(await code('PATCH', 2, '', { active: false })).toEqual([200, undefined])
    expect(await code('POST', 2, '/activate')).toEqual([402, 'webhook_quota_exceeded'])
    expect(await code('DELETE', 0)).toEqual([200, undefined])
    expect(await code('POST', 2, '/activate')).toEqual([200, undefined])
  })
}
