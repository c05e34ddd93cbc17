/** The operator's session, console links, and addresses that guess. */
import { describe, expect, it } from '@jest/globals'
import { auditChanges, auditChangesCodec } from '../../../topics/audit-changes.ts'
import { readToEnd } from '../../support/ledger.ts'
import { ADMIN_KEY, openTestApi } from '../api-harness.ts'
import { api, owner, SESSIONS, signIn } from './set-up.ts'

export function describeOperator(): void {
  describe("the operator's session", () => {
    const operator = async () =>
      signIn({ loginToken: (await api.operator('POST', `${SESSIONS}/login-tokens`)).data.loginToken })

    it('has no organization, looks inside one without changing it, and leaves it again', async () => {
      const { reply, call } = await operator()
      expect(reply.data).toMatchObject({ kind: 'operator', organization: null, keyId: null, scopes: [] })
      expect((await call('GET', '/api/v1/organizations')).status).toBe(200)
      expect((await call('GET', '/api/v1/webhooks')).code).toBe('insufficient_scope')
      const target = { organizationId: owner.id, environment: 'live' }
      const inside = await call('POST', `${SESSIONS}/act-as`, target)
      expect([inside.status, inside.data]).toMatchObject([
        201,
        { readOnly: true, actAs: { ...target, write: false, reason: null } },
      ])
      expect((await call('GET', '/api/v1/webhooks')).status).toBe(200)
      expect((await call('GET', '/api/v1/keys')).status).toBe(200)
      expect((await call('POST', '/api/v1/events/custom/dry-run', {})).code).toBe('validation_failed')
      for (const [method, path] of [
        ['POST', '/api/v1/webhooks'],
        ['POST', '/api/v1/events/custom/emit'],
        ['POST', '/api/v1/events/custom/emit/batch'],
        ['DELETE', '/api/v1/keys/key_x'],
        ['PUT', '/api/v1/events/lifecycle'],
        ['DELETE', `/api/v1/organizations/${owner.id}`],
      ] as const)
        expect([path, (await call(method, path, {})).code]).toEqual([path, 'session_read_only'])
      const left = await call('DELETE', `${SESSIONS}/act-as`)
      expect(left.data).toMatchObject({ kind: 'operator', organization: null, actAs: null, readOnly: false })
      expect((await call('GET', '/api/v1/webhooks')).code).toBe('insufficient_scope')
    })

    it('writes for a reason alone, as the operator', async () => {
      const { call } = await operator()
      const target = { organizationId: owner.id, environment: 'live', write: true }
      expect((await call('POST', `${SESSIONS}/act-as`, target)).code).toBe('validation_failed')
      expect((await call('POST', `${SESSIONS}/act-as`, { ...target, reason: 'ticket 12' })).status).toBe(201)
      const made = await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
      expect(made.status).toBe(201)
      expect((await call('POST', `${SESSIONS}/act-as`, { ...target, write: false })).status).toBe(201)
      expect((await call('DELETE', `${SESSIONS}/current`)).data).toEqual({ ended: true })
      const rows = (await readToEnd(api.kafka, auditChanges.name, api.shardOf(owner.id))).flatMap(
        ({ value }) => auditChangesCodec.decode(value!).changes,
      )
      const own = rows.filter(({ organizationId, actorId }) => organizationId === owner.id && actorId === 'operator')
      const since = own.slice(own.findIndex(({ reason }) => reason === 'ticket 12'))
      expect(since.map(({ type, entityType }) => [type, entityType])).toEqual([
        ['OPERATOR_ACCESS_BEGAN', 'organization'],
        ['WEBHOOK_CREATED', 'webhook'],
        ['OPERATOR_ACCESS_ENDED', 'organization'],
        ['OPERATOR_ACCESS_BEGAN', 'organization'],
        ['OPERATOR_ACCESS_ENDED', 'organization'],
      ])
      expect(JSON.parse(since[0]!.data)).toMatchObject({ write: true, environment: 'live', reason: 'ticket 12' })
      const nowhere = { organizationId: 'org_none', environment: 'live' }
      expect((await (await operator()).call('POST', `${SESSIONS}/act-as`, nowhere)).code).toBe('not_found')
    })

    it('is what looks inside: a key does not, nor does an organization', async () => {
      const target = { organizationId: owner.id, environment: 'live' }
      expect((await api.operator('POST', `${SESSIONS}/act-as`, target)).code).toBe('session_refused')
      const { call } = await signIn({ apiKey: owner.apiKey })
      expect((await call('POST', `${SESSIONS}/act-as`, target)).code).toBe('insufficient_scope')
    })
  })

  describe('a console link', () => {
    const PATH = (id: string) => `/api/v1/organizations/${id}/console-links`
    const look = {
      screens: ['webhooks'],
      theme: { accent: '#00aa00', name: 'Acme' },
      returnUrl: 'https://app.example.com/',
    }
    const wanted = { environment: 'live', scopes: ['webhooks:read'], ...look }

    it('opens a session of its scopes once, which reads alone where it says so', async () => {
      const link = await owner.call('POST', PATH(owner.id), { ...wanted, scopes: ['webhooks:manage'], readOnly: true })
      expect(link.status).toBe(201)
      const { reply, call } = await signIn({ loginToken: link.data.loginToken })
      expect(reply.data).toMatchObject({
        kind: 'key',
        scopes: ['webhooks:manage'],
        readOnly: true,
        ...look,
        idleEndsAt: null,
      })
      expect(Date.parse(reply.data.endsAt) - Date.now()).toBeGreaterThan(86_000_000)
      expect((await call('GET', '/api/v1/webhooks')).status).toBe(200)
      expect((await call('GET', '/api/v1/events/custom')).code).toBe('insufficient_scope')
      expect((await call('POST', '/api/v1/webhooks', {})).code).toBe('session_read_only')
      expect((await signIn({ loginToken: link.data.loginToken })).reply.code).toBe('unauthorized')
    })

    it('ends with the key that made it', async () => {
      const made = await owner.call('POST', '/api/v1/keys', {
        ...{ name: 'portal', environment: 'live', scopes: ['keys:manage', 'webhooks:read'] },
      })
      const link = await api.as(made.data.apiKey)('POST', PATH(owner.id), wanted)
      const { call } = await signIn({ loginToken: link.data.loginToken })
      expect((await call('GET', '/api/v1/webhooks')).status).toBe(200)
      await owner.call('DELETE', `/api/v1/keys/${made.data.key.id}`)
      expect((await call('GET', '/api/v1/webhooks')).code).toBe('unauthorized')
    })

    it('grants no more than its maker holds, in no other organization, and not without keys:manage', async () => {
      const keyWith = async (scopes: string[]) =>
        api.as((await owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'test', scopes })).data.apiKey)
      const maker = await keyWith(['keys:manage', 'webhooks:read'])
      expect(
        (await maker('POST', PATH(owner.id), { ...wanted, environment: 'test', scopes: ['events:read'] })).code,
      ).toBe('insufficient_scope')
      expect((await maker('POST', PATH(owner.id), wanted)).code).toBe('insufficient_scope')
      const stranger = await api.organization()
      expect((await owner.call('POST', PATH(stranger.id), wanted)).code).toBe('not_found')
      const reader = await keyWith(['webhooks:read'])
      expect((await reader('POST', PATH(owner.id), { ...wanted, environment: 'test' })).code).toBe('insufficient_scope')
      expect((await api.operator('POST', PATH(owner.id), wanted)).status).toBe(201)
    })

    it('has a look within bounds', async () => {
      for (const wrong of [
        { theme: { accent: 'red' } },
        { theme: { logo: 'https://example.com/a.png' } },
        { theme: { logo: `data:image/png;base64,${'A'.repeat(50_000)}` } },
        { returnUrl: 'javascript:alert(1)' },
        { expiresInSeconds: 604_801 },
        { scopes: [] },
      ])
        expect((await owner.call('POST', PATH(owner.id), { ...wanted, ...wrong })).code).toBe('validation_failed')
    })
  })

  it('an address that is wrong more than ten times waits; keys of organizations go on working from it', async () => {
    const other = await openTestApi()
    try {
      const post = (body: object) => other.as(undefined)('POST', SESSIONS, body)
      const wrong = (n: number) => (n % 2 === 0 ? { apiKey: `ck_live_${n}` } : { loginToken: `clt_${n}` })
      for (let tried = 0; tried < 10; tried++) expect((await post(wrong(tried))).code).toBe('unauthorized')
      const limited = await post(wrong(10))
      expect([limited.status, limited.code]).toEqual([429, 'rate_limited'])
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
      expect((await post({ apiKey: ADMIN_KEY })).code).toBe('rate_limited')
      const { apiKey } = await other.organization()
      expect((await post({ apiKey })).status).toBe(201)
    } finally {
      await other.close()
    }
  })
}
