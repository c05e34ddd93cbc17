/** What would become of an emit, and of another version. */
import { describe, expect, it } from '@jest/globals'
import { clock } from '../../control-plane/control-plane-harness.ts'
import { api, CUSTOM, EMIT, owner, stranger } from './set-up.ts'

export function describeBefore(): void {
  describe('a dry emit', () => {
    const dry = (body: unknown, call = owner.call) => call('POST', `${EMIT}?dryRun=true`, body)
    const name = () => `${owner.slug}.order`

    it('says who would get it, and appends and counts nothing', async () => {
      const before = await api.wire.ends([{ topic: `emits.${owner.id}`, partition: 0 }])
      const reply = await dry({ name: name(), payload: { total: 12.5 }, idempotencyKey: 'k' })
      expect([reply.status, reply.data]).toMatchObject([
        200,
        {
          ...{ verdict: 'accepted', code: null, findings: [], schemaVersion: '1.1.0', idempotencyChecked: false },
          quota: { used: 0, limit: expect.any(Number) },
        },
      ])
      expect(
        Object.fromEntries(
          reply.data.webhooks.map((each: { name: string; matches: boolean; reason: string | null }) => [
            each.name,
            [each.matches, each.reason],
          ]),
        ),
      ).toEqual({ all: [true, null], large: [false, 'condition'], other: [false, 'selector'], off: [true, 'inactive'] })
      expect(await api.wire.ends([{ topic: `emits.${owner.id}`, partition: 0 }])).toEqual(before)
    })

    it.each([
      [{ payload: { total: 'x' } }, 'payload_invalid'],
      [{ payload: { total: 1 }, version: '2.0.0' }, 'event_not_published'],
      [{ payload: { total: 1 }, version: '9.0.0' }, 'event_not_registered'],
      [{ payload: [] }, 'payload_invalid'],
    ])('of %j would be refused, and the call is not', async (body, code) => {
      const reply = await dry({ name: name(), ...body })
      expect([reply.status, reply.data.verdict, reply.data.code]).toEqual([200, 'rejected', code])
    })

    it('meets plan, quota and suspension as an emit does', async () => {
      const free = await api.organization('FREE')
      await free.call('POST', CUSTOM, {
        namespace: free.slug,
        name: 'a1',
        version: '1.0.0',
        payloadSchema: {},
        status: 'published',
      })
      const generic = { name: 'platformxe.generic', payload: { kind: 'x', data: {} } }
      expect((await dry({ name: `${free.slug}.a1`, payload: {} }, free.call)).data.verdict).toBe('rejected')
      expect((await dry(generic, free.call)).data).toMatchObject({ verdict: 'accepted' })
      api.used.set(`${free.id}/live/${new Date(clock.nowMs()).toISOString().slice(0, 7)}`, 1_000_000)
      expect((await dry(generic, free.call)).data).toMatchObject({ code: 'monthly_emit_quota_exceeded' })
      await api.operator('POST', `/api/v1/organizations/${free.id}/suspend`)
      expect((await dry(generic, free.call)).data).toMatchObject({ code: 'organization_suspended' })
    })

    it('that is malformed is refused, and so is a misspelt one: it must not become an emit', async () => {
      expect((await dry({ name: name() })).code).toBe('validation_failed')
      for (const query of ['dryrun=true', 'dryRun=1', 'dryRun=true&dryRun=true', 'dryRun=true&x=1'])
        expect([
          query,
          (await owner.call('POST', `${EMIT}?${query}`, { name: name(), payload: { total: 1 } })).code,
        ]).toEqual([query, 'validation_failed'])
      expect((await dry({ name: name(), payload: { total: 1 } }, api.operator)).code).toBe('insufficient_scope')
    })
  })

  describe('two versions compared', () => {
    const compare = (from: string, to: string, call = owner.call) =>
      call('GET', `${CUSTOM}/compare?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`)
    const version = (number: string) => `${owner.slug}.order@${number}`

    it.each([
      ['1.0.0', '1.1.0', { bump: 'minor', legal: true }],
      ['1.0.0', '2.0.0', { bump: 'major', legal: true }],
      ['1.1.0', '1.0.0', { bump: 'downgrade', legal: false, proof: null }],
      ['1.1.0', '1.1.0', { bump: 'none', legal: true, proof: true }],
    ])('from %s to %s are %j', async (from, to, expected) => {
      const reply = await compare(version(from), version(to))
      expect([reply.status, reply.data]).toMatchObject([
        200,
        { ...expected, from: { version: from }, to: { version: to } },
      ])
    })

    it('are of one name and of the own organization, by id too', async () => {
      const [first] = (await owner.call('GET', `${CUSTOM}?q=order`)).data
      expect((await compare(first.id, version('1.0.0'))).status).toBe(200)
      expect((await compare(version('1.0.0'), 'platformxe.generic@1.0.0')).code).toBe('validation_failed')
      expect((await compare(version('1.0.0'), version('7.0.0'))).code).toBe('not_found')
      expect((await compare(first.id, first.id, stranger.call)).code).toBe('not_found')
      expect((await compare(version('1.0.0'), version('1.1.0'), stranger.call)).code).toBe('not_found')
    })
  })
}
