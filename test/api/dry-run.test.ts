import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createReads } from '../../src/analytics/read/reads.ts'
import { createSchemaHistory } from '../../src/api/registrations/schema-history.ts'
import { auditChanges, auditChangesCodec } from '../../topics/audit-changes.ts'
import { verdict } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import { clock } from '../control-plane/control-plane-harness.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
let runtime: TestRuntime
beforeAll(async () => {
  api = await openTestApi()
  runtime = await testRuntime()
})
afterAll(() => Promise.all([api?.close(), runtime?.close()]))

const EVENTS = '/api/v1/events/custom'
const DRY = `${EVENTS}/dry-run`
const schema = {
  type: 'object',
  properties: { n: { type: 'integer', maximum: 3 } },
  required: ['n'],
  additionalProperties: false,
}
const template = (namespace: string, more: object = {}) => ({
  ...{ namespace, name: 'order.made', version: '1.0.0', payloadSchema: schema, ...more },
})

describe('a dry run', () => {
  it('lists all findings, in the order of the checks, and makes nothing', async () => {
    const { slug, call } = await api.organization()
    const good = await call('POST', DRY, template(slug))
    expect(good.data).toMatchObject({
      valid: true,
      semverBump: 'initial',
      schemaFlavour: 'json-schema-2020-12',
      findings: [],
      errors: [],
    })
    expect(good.data).toMatchObject({ depth: 2, propertyCount: 1, schemaDepth: 2, schemaPropertyCount: 1 })
    expect(good.data.schemaHash).toMatch(/^[0-9a-f]{64}$/)
    const bad = await call('POST', DRY, template('webhooks', { version: '7.0', payloadSchema: { type: 'nothing' } }))
    expect([bad.status, bad.data.valid]).toEqual([200, false])
    const codes = ['invalid_version_format', 'reserved_namespace', 'namespace_not_allowed', 'invalid_json_schema']
    expect(bad.data.errors).toEqual(codes)
    expect(bad.data.findings.map((each: { code: string }) => each.code)).toEqual(codes)
    expect(bad.data.findings[0]).toMatchObject({
      path: '/version',
      rule: 'invalid_version_format',
      message: expect.any(String),
    })
    expect((await call('GET', EVENTS)).data).toHaveLength(1)
  })

  it('that is refused is announced as one, a good one is not', async () => {
    const { id, slug, call } = await api.organization()
    await call('POST', DRY, template(slug))
    await call('POST', DRY, template(slug, { version: '3.0.0' }))
    const tail = runtime.tail(auditChanges.name, api.shardOf(id))
    const rows = () =>
      tail.records
        .flatMap(record => auditChangesCodec.decode(record.value!).changes)
        .filter(row => row.organizationId === id && row.entityType === 'registration')
    await tail.until(() => rows().some(row => row.type === 'CUSTOM_EVENT_VALIDATION_FAILED'))
    expect(rows().map(row => row.type)).toEqual(['CUSTOM_EVENT_GENERIC_SEEDED', 'CUSTOM_EVENT_VALIDATION_FAILED'])
    expect(JSON.parse(rows()[1]!.data)).toMatchObject({ dryRun: true, code: 'version_invalid_jump' })
  })

  it('names the webhooks that the version would go to, by their selectors', async () => {
    const { slug, call } = await api.organization()
    const hook = async (...events: string[]) =>
      (await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events })).data.id
    const all = await hook('*', 'other.thing')
    const name = await hook(`${slug}.*`, `${slug}.order.made`)
    await hook(`${slug}.order.made@2.0.0`, 'CUSTOM_EVENT_REGISTERED')
    const { impact } = (await call('POST', DRY, template(slug))).data
    expect(impact.webhooks.map((each: { id: string; selectors: string[] }) => [each.id, each.selectors])).toEqual([
      [all, ['*']],
      [name, [`${slug}.*`, `${slug}.order.made`]],
    ])
    expect(impact.peers).toEqual([])
  })

  it('with history judges the payloads of the last 30 days, whatever their version', async () => {
    const { id, slug, call } = await api.organization()
    const own = { organizationId: id, name: `${slug}.order.made` }
    const emits = Array.from({ length: 450 }, (_, n) => verdict(n + 1, { ...own, payload: Buffer.from(`{"n":${n}}`) }))
    const others = [
      verdict(501, { ...own, name: `${slug}.order.lost`, payload: Buffer.from('{}') }),
      verdict(502, { ...own, environment: 'test', payload: Buffer.from('{}') }),
      verdict(503, { ...own, source: 'federation:cefg_1', channel: 'platform', payload: Buffer.from('{}') }),
      verdict(504, { ...own, verdict: 'rejected', payload: null }),
    ]
    await insertAudit(api.analytics, 1, { verdicts: [...emits, ...others] })
    const { history } = (await call('POST', DRY, template(slug, { history: true }))).data
    expect(history).toMatchObject({ judged: 450, refused: 446, truncated: false })
    expect(history.examples).toHaveLength(10)
    expect(history.examples[0]).toEqual({
      emitId: emits[449]!.emitId,
      findings: [{ path: '/n', rule: 'maximum', message: expect.any(String) }],
    })
    expect(Date.parse(history.to) - Date.parse(history.from)).toBe(30 * 86_400_000)
    const broken = await call(
      'POST',
      DRY,
      template(slug, { history: true, payloadSchema: { type: 'object', properties: 7 } }),
    )
    expect(broken.data.history).toBeNull()
    expect((await call('POST', DRY, template(slug))).data).not.toHaveProperty('history')

    const bounds = { payloadsMax: 300, timeMs: 60_000, pagePayloads: 200 }
    const tryOn = createSchemaHistory({ reads: createReads(api.analytics), clock, bounds })
    const owner = { organizationId: id, environment: 'live' } as const
    expect(await tryOn(owner, own.name, () => [])).toMatchObject({ judged: 300, refused: 0, truncated: true })
    const hasty = createSchemaHistory({ reads: createReads(api.analytics), clock, bounds: { ...bounds, timeMs: 0 } })
    expect(await hasty(owner, own.name, () => [])).toMatchObject({ judged: 0, truncated: true })
  })

  it('names the peers that a version of the event is shared with, and the receivers of this one; they list the versions that they receive', async () => {
    const owner = await api.organization('ENTERPRISE')
    const peer = await api.organization('ENTERPRISE')
    const federation = `${EVENTS}/federation`
    const made = (await owner.call('POST', EVENTS, template(owner.slug, { status: 'published' }))).data
    const group = (await owner.call('POST', `${federation}/groups`, { name: 'partners' })).data
    await owner.call('POST', `${federation}/groups/${group.id}/invite`, { memberOrganizationId: peer.id })
    const inbound = async (query: string) => (await peer.call('GET', `${EVENTS}?includeInbound=true${query}`)).data
    await owner.call('POST', `${federation}/groups/${group.id}/pushes`, { registrationId: made.id })
    expect(await inbound('&status=federated')).toEqual([])
    await peer.call('POST', `${federation}/groups/${group.id}/accept`)
    const member = { groupId: group.id, memberId: expect.stringMatching(/^cefm_/), versions: ['1.0.0'] }
    const peers = async (version: string) =>
      (await owner.call('POST', DRY, template(owner.slug, { version }))).data.impact.peers
    expect(await peers('1.0.1')).toEqual([{ ...member, receives: false }])
    expect(await peers('1.0.0')).toEqual([{ ...member, receives: true }])
    expect(await inbound('&status=federated')).toEqual([
      expect.objectContaining({
        ...{
          organizationId: peer.id,
          namespace: owner.slug,
          name: 'order.made',
          version: '1.0.0',
          status: 'federated',
        },
        ...{ canonicalName: `TENANT_CUSTOM:${peer.id}:${owner.slug}.order.made@1.0.0`, payloadSchema: schema },
      }),
    ])
    expect((await inbound('')).map((each: { status: string }) => each.status)).toEqual(['federated', 'published'])
    expect((await peer.call('GET', EVENTS)).data).toHaveLength(1)
  })
})
