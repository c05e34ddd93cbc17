import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
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
const schema = (properties: object) => ({ type: 'object', properties, additionalProperties: false })
const template = (namespace: string, more: object = {}) => ({
  ...{ namespace, name: 'order.made', version: '1.0.0', payloadSchema: schema({ id: { type: 'string' } }), ...more },
})

describe('a registration', () => {
  it('is a draft unless said, and carries all that it was made of', async () => {
    const { id, slug, call } = await api.organization()
    const made = await call('POST', EVENTS, template(slug, { description: 'd', payloadExample: { id: 'x' } }))
    expect(made.status).toBe(201)
    expect(made.data).toMatchObject({
      ...{
        namespace: slug,
        name: 'order.made',
        version: '1.0.0',
        status: 'draft',
        description: 'd',
        payloadExample: { id: 'x' },
      },
      ...{
        organizationId: id,
        canonicalName: `TENANT_CUSTOM:${id}:${slug}.order.made@1.0.0`,
        semverBump: 'initial',
        revision: 1,
      },
      ...{
        schemaFlavour: 'json-schema-2020-12',
        publishedAt: null,
        archivedAt: null,
        registeredBy: expect.stringMatching(/^key_/),
      },
    })
    expect(made.data.schemaHash).toMatch(/^[0-9a-f]{64}$/)
    expect((await call('GET', `${EVENTS}/${made.data.id}`)).data).toEqual(made.data)
  })

  it('goes from draft to published to archived, and no way back', async () => {
    const { slug, call } = await api.organization()
    const { id } = (await call('POST', EVENTS, template(slug))).data
    const published = await call('POST', `${EVENTS}/${id}/publish`)
    expect(published.data).toMatchObject({ status: 'published', publishedAt: expect.any(String), revision: 2 })
    expect((await call('POST', `${EVENTS}/${id}/publish`)).data.revision).toBe(2)
    expect((await call('DELETE', `${EVENTS}/${id}`)).data).toMatchObject({
      status: 'archived',
      archivedAt: expect.any(String),
    })
    const back = await call('POST', `${EVENTS}/${id}/publish`)
    expect([back.status, back.code]).toEqual([409, 'conflict'])
    const again = await call('POST', EVENTS, template(slug))
    expect([again.status, again.code]).toEqual([400, 'version_already_exists'])
  })

  it('that is a draft can be removed, and its version taken anew', async () => {
    const { slug, call } = await api.organization()
    const { id } = (await call('POST', EVENTS, template(slug))).data
    expect((await call('DELETE', `${EVENTS}/${id}`)).data).toEqual({ id, deleted: true })
    expect((await call('GET', `${EVENTS}/${id}`)).status).toBe(404)
    expect((await call('POST', EVENTS, template(slug))).status).toBe(201)
  })

  it('is described anew at any time, and only at the revision that the caller knows', async () => {
    const { slug, call } = await api.organization()
    const { id } = (await call('POST', EVENTS, template(slug, { status: 'published' }))).data
    const changed = await call('PATCH', `${EVENTS}/${id}`, { description: 'better' }, { 'if-match': '1' })
    expect(changed.data).toMatchObject({ description: 'better', revision: 2, status: 'published' })
    expect((await call('PATCH', `${EVENTS}/${id}`, { description: 'late' }, { 'if-match': '1' })).code).toBe(
      'revision_conflict',
    )
    expect((await call('PATCH', `${EVENTS}/${id}`, { payloadSchema: {} })).body.error?.details).toContainEqual(
      expect.objectContaining({ path: '/payloadSchema', rule: 'unknown_field' }),
    )
  })

  it('repeated with its idempotency key is answered with the one that was made; anything else with that key is a conflict', async () => {
    const { slug, call } = await api.organization()
    const key = { 'idempotency-key': 'once' }
    const calls = await Promise.all(Array.from({ length: 5 }, () => call('POST', EVENTS, template(slug), key)))
    expect(new Set(calls.map(each => `${each.status} ${each.data?.id}`)).size).toBe(1)
    expect(calls[0]!.status).toBe(201)
    const other = await call('POST', EVENTS, template(slug, { payloadSchema: schema({ n: { type: 'number' } }) }), key)
    expect([other.status, other.code]).toEqual([409, 'idempotency_key_conflict'])
    expect((await call('POST', EVENTS, template(slug))).code).toBe('version_already_exists')
  })

  it('of the generic event cannot be changed by its organization', async () => {
    const { call } = await api.organization()
    const [generic] = (await call('GET', EVENTS)).data
    for (const [method, path, body] of [
      ['DELETE', ''],
      ['POST', '/archive'],
      ['PATCH', '', { description: 'x' }],
    ] as const) {
      const refused = await call(method, `${EVENTS}/${generic.id}${path}`, body)
      expect([refused.status, refused.code]).toEqual([403, 'cannot_archive_generic_event'])
    }
  })

  it('over the plan is refused, versions being free; 20 at once take exactly the rest of the plan', async () => {
    const free = await api.organization('FREE')
    const refused = await free.call('POST', EVENTS, template(free.slug))
    expect([refused.status, refused.code]).toEqual([402, 'registration_quota_exceeded'])
    const basic = await api.organization('BASIC')
    const calls = await Promise.all(
      Array.from({ length: 20 }, (_, n) => basic.call('POST', EVENTS, template(basic.slug, { name: `event.n${n}` }))),
    )
    expect(calls.filter(each => each.status === 201)).toHaveLength(5)
    expect(calls.filter(each => each.code === 'registration_quota_exceeded')).toHaveLength(15)
    const made = calls.find(each => each.status === 201)!.data
    const version = template(basic.slug, { name: made.name, version: '1.1.0' })
    expect((await basic.call('POST', EVENTS, version)).status).toBe(201)
  })

  it('that a downgrade leaves beyond the plan is read-only, the youngest first, until there is room again', async () => {
    const { id: organizationId, slug, call } = await api.organization('PRO')
    const plan = (to: string) => api.operator('PATCH', `/api/v1/organizations/${organizationId}`, { plan: to })
    const ids: string[] = []
    for (let n = 1; n <= 7; n++) ids.push((await call('POST', EVENTS, template(slug, { name: `event.n${n}` }))).data.id)
    await plan('BASIC')
    const change = (n: number) => call('PATCH', `${EVENTS}/${ids[n - 1]}`, { description: 'changed' })
    const publish = (n: number) => call('POST', `${EVENTS}/${ids[n - 1]}/publish`)
    const next = (n: number) => call('POST', EVENTS, template(slug, { name: `event.n${n}`, version: '1.0.1' }))
    for (const refused of [await change(6), await publish(7), await next(6)])
      expect([refused.status, refused.code]).toEqual([402, 'registration_quota_exceeded'])
    for (const taken of [await change(5), await publish(5), await next(5)]) expect(taken.status).toBeLessThan(300)
    expect((await call('DELETE', `${EVENTS}/${ids[0]}`)).status).toBe(200)
    expect((await publish(6)).status).toBe(200)
    expect((await publish(7)).code).toBe('registration_quota_exceeded')
    await plan('PRO')
    expect((await publish(7)).status).toBe(200)
  })

  it('on a plan with the latest version only archives the older one when it is published', async () => {
    const { slug, call } = await api.organization('BASIC')
    const first = (await call('POST', EVENTS, template(slug, { status: 'published' }))).data
    const second = (await call('POST', EVENTS, template(slug, { version: '1.0.1' }))).data
    expect((await call('GET', `${EVENTS}/${first.id}`)).data.status).toBe('published')
    await call('POST', `${EVENTS}/${second.id}/publish`)
    expect((await call('GET', `${EVENTS}/${first.id}`)).data.status).toBe('archived')
  })

  it('are listed by the filters of the call', async () => {
    const { slug, call } = await api.organization()
    await call('POST', EVENTS, template(slug, { status: 'published' }))
    await call('POST', EVENTS, template(slug, { name: 'order.lost' }))
    const names = async (query: string) =>
      (await call('GET', `${EVENTS}${query}`)).data.map((each: { name: string }) => each.name)
    expect(await names('')).toEqual(['order.lost', 'order.made', 'generic'])
    expect(await names(`?namespace=${slug}&status=published`)).toEqual(['order.made'])
    expect(await names('?name=order.lost')).toEqual(['order.lost'])
    expect((await call('GET', `${EVENTS}?status=gone`)).body.error?.details?.[0]?.path).toBe('/status')
  })

  it('announces its chain in order, and a refused one where it ended', async () => {
    const { id, slug, call } = await api.organization()
    await call('POST', EVENTS, template(slug, { status: 'published' }))
    await call('POST', EVENTS, template(slug, { version: '3.0.0' }))
    const tail = runtime.tail(auditChanges.name, api.shardOf(id))
    const rows = (): ChangeRow[] =>
      tail.records
        .flatMap(record => auditChangesCodec.decode(record.value!).changes)
        .filter(row => row.organizationId === id)
    await tail.until(() => rows().some(row => row.type === 'CUSTOM_EVENT_VALIDATION_FAILED'))
    expect(rows().map(row => row.type.replace('CUSTOM_EVENT_', ''))).toEqual([
      ...['ORGANIZATION_CREATED', 'API_KEY_CREATED', 'GENERIC_SEEDED'],
      ...['REQUESTED', 'VALIDATED', 'PERSISTED', 'MATERIALISED', 'REGISTERED'],
      ...['REQUESTED', 'VALIDATION_FAILED'],
    ])
    expect(rows().at(-1)).toMatchObject({ reason: 'version_invalid_jump', requestId: expect.stringMatching(/^req_/) })
  })
})

it('health shows the plan, its usage and its features', async () => {
  const { id, slug, call } = await api.organization('PRO')
  await call('POST', EVENTS, template(slug))
  api.used.set(`${id}/live/${new Date().toISOString().slice(0, 7)}`, 42)
  const health = await call('GET', `${EVENTS}/health`)
  expect(health.data).toEqual({
    ...{
      plan: 'PRO',
      registrations: { used: 1, limit: 25 },
      emits: { thisMonth: 42, monthlyLimit: 100_000 },
      recentFailures: [],
    },
    capabilities: {
      canRegister: true,
      schemaVersioning: true,
      marketplacePublish: true,
      marketplaceFork: true,
      federationPush: false,
    },
    warnings: [],
  })
  expect((await call('GET', '/api/v1/usage/summary')).data).toMatchObject({
    environment: 'live',
    meters: { emits: 42 },
    limits: { emits: 100_000 },
  })
  expect((await call('GET', '/api/v1/usage/summary?month=2026-13')).body.error?.details?.[0]?.path).toBe('/month')
})
