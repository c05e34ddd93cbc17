/** Every error code of registrations and emits, met through the API of a whole platform, and the order of the checks when several apply. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import { CHAIN_DEPTH_MAX, createChainTokens } from '../../src/events/chain.ts'
import { CODES } from '../../src/model/codes.ts'
import { events } from '../../topics/events.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'

const CUSTOM = '/api/v1/events/custom'
const GENERIC = { name: 'platformxe.generic', payload: { kind: 'k' } }
const closed = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
})
const ID = { id: { type: 'string' } }
const wide = (count: number) =>
  closed(Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, { type: 'string' }])))
const deep = (levels: number): object => (levels === 1 ? { type: 'string' } : closed({ a: deep(levels - 1) }))

let platform: TestPlatform
let pro: TestOrganization
let basic: TestOrganization
let free: TestOrganization
let genericId: string
let draftId: string

beforeAll(async () => {
  platform = await sharedPlatform()
  ;[pro, basic, free] = await Promise.all([
    platform.organization('PRO'),
    platform.organization('BASIC'),
    platform.organization('FREE'),
  ])
  await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${pro.org.id}/namespaces`, {
    namespace: 'shop',
  })
  genericId = (await pro.call<Array<{ id: string }>>('GET', CUSTOM)).data[0]!.id
  await made('order.made', '1.0.0', 'published')
  await made('order.made', '1.1.0', 'draft')
  draftId = (await made('only.drafted', '1.0.0', 'draft')).id
  for (let n = 0; n < 5; n++) await basic.call('POST', CUSTOM, { ...template(`event.n${n}`), namespace: basic.slug })
  const items = Array.from({ length: 1_000 }, () => GENERIC)
  await free.call('POST', `${CUSTOM}/emit/batch`, { items })
}, 150_000)

const template = (name: string, version = '1.0.0', more: object = {}) => ({
  ...{ namespace: pro.slug, name, version, payloadSchema: closed(ID), ...more },
})
const made = async (name: string, version: string, status: string) => {
  const { data, status: code } = await pro.call<{ id: string }>('POST', CUSTOM, template(name, version, { status }))
  expect(code).toBe(201)
  return data
}

type Register = () => object
const register: Record<string, Register> = {
  invalid_namespace: () => template('a.b', '1.0.0', { namespace: 'Shop' }),
  reserved_namespace: () => template('a.b', '1.0.0', { namespace: 'webhooks' }),
  namespace_not_allowed: () => template('a.b', '1.0.0', { namespace: 'lettings' }),
  invalid_name: () => template('A.b'),
  invalid_version_format: () => template('a.b', '1.0'),
  cannot_register_generic_event: () => template('generic', '1.0.0', { namespace: 'platformxe' }),
  version_already_exists: () => template('order.made', '1.0.0'),
  version_downgrade: () => template('order.made', '1.0.1'),
  version_invalid_jump: () => template('order.made', '1.3.0'),
  patch_must_be_byte_equal: () =>
    template('order.made', '1.1.1', { payloadSchema: closed({ id: { type: 'string', title: 'x' } }) }),
  minor_must_be_backwards_compatible: () =>
    template('order.made', '1.2.0', { payloadSchema: closed(ID, { required: ['id'] }) }),
  schema_too_deep: () => template('a.b', '1.0.0', { payloadSchema: deep(6) }),
  schema_too_wide: () => template('a.b', '1.0.0', { payloadSchema: wide(51) }),
  invalid_json_schema: () =>
    template('a.b', '1.0.0', { payloadSchema: { type: 'object', properties: { id: { type: 'text' } } } }),
  payload_example_does_not_match_schema: () => template('a.b', '1.0.0', { payloadExample: { id: 7 } }),
}

describe('a registration that is wrong', () => {
  it.each(Object.keys(register))('is refused with %s', async code => {
    const refused = await pro.call('POST', CUSTOM, register[code]!())
    expect([refused.status, refused.code]).toEqual([400, code])
    const tried = await pro.call<{ valid: boolean; errors: string[] }>('POST', `${CUSTOM}/dry-run`, register[code]!())
    expect([tried.status, tried.data.valid, tried.data.errors[0]]).toEqual([200, false, code])
  })

  it('is refused with registration_quota_exceeded beyond the plan, none being left on Free', async () => {
    for (const organization of [basic, free]) {
      const refused = await organization.call('POST', CUSTOM, { ...template('one.more'), namespace: organization.slug })
      expect([refused.status, refused.code]).toEqual([402, 'registration_quota_exceeded'])
    }
  })

  // docs/specification/registry.md#order-of-registration-checks
  it('is refused with the first code in order when several apply; a dry run lists all', async () => {
    const order: Array<[string, Partial<Record<string, unknown>>]> = [
      ['invalid_namespace', { namespace: 'A' }],
      ['invalid_name', { name: 'A' }],
      ['invalid_version_format', { version: 'v1' }],
      ['namespace_not_allowed', { namespace: 'lettings' }],
      ['schema_too_deep', { payloadSchema: deep(7) }],
    ]
    for (let from = 0; from < order.length; from++) {
      const wrong = Object.assign(
        template('order.made', '1.0.0'),
        ...order
          .slice(from)
          .toReversed()
          .map(([, fields]) => fields),
      )
      expect((await pro.call('POST', CUSTOM, wrong)).code).toBe(order[from]![0])
      const { data } = await pro.call<{ errors: string[] }>('POST', `${CUSTOM}/dry-run`, wrong)
      const expected = order.slice(from).map(([code]) => code)
      expect(data.errors.filter(code => expected.includes(code))).toEqual(
        from === 0 ? expected.filter(code => code !== 'namespace_not_allowed') : expected,
      )
    }
    const caps = await pro.call('POST', CUSTOM, template('order.made', '1.0.0', { payloadSchema: wide(51) }))
    expect(caps.code).toBe('schema_too_wide')
    const generic = template('generic', '9.9.9', { namespace: 'platformxe' })
    const { data } = await pro.call<{ errors: string[] }>('POST', `${CUSTOM}/dry-run`, generic)
    expect(data.errors.slice(0, 3)).toEqual([
      'cannot_register_generic_event',
      'reserved_namespace',
      'namespace_not_allowed',
    ])
  })
})

describe('the generic event', () => {
  it('is not archived: cannot_archive_generic_event', async () => {
    const refused = await pro.call('DELETE', `${CUSTOM}/${genericId}`)
    expect([refused.status, refused.code]).toEqual([403, 'cannot_archive_generic_event'])
  })
})

const chained = () => {
  const { secretKey } = JSON.parse(readFileSync(join(platform.dataDir, 'keys.json'), 'utf8')) as { secretKey: string }
  const link = {
    rootEventId: `evt_${'0'.repeat(32)}`,
    eventId: `evt_${'1'.repeat(32)}`,
    organizationId: pro.org.id,
    path: [],
  }
  return createChainTokens(secretKey).sign({ ...link, depth: CHAIN_DEPTH_MAX })
}
const own = (payload: unknown, more: object = {}) => ({ name: `${pro.slug}.order.made`, payload, ...more })

describe('an emit that is wrong', () => {
  const emits: Array<[code: keyof typeof CODES, by: () => TestOrganization, body: () => object]> = [
    ['event_not_registered', () => pro, () => ({ name: `${pro.slug}.no.such`, payload: {} })],
    ['event_not_registered', () => pro, () => own({}, { version: '7.0.0' })],
    ['event_not_published', () => pro, () => own({}, { version: '1.1.0' })],
    ['event_not_published', () => pro, () => ({ name: `${pro.slug}.only.drafted`, payload: {} })],
    ['payload_invalid', () => pro, () => own({ id: 7 })],
    ['payload_too_large', () => pro, () => own({ id: 'x'.repeat(262_144) })],
    ['payload_too_large', () => pro, () => own({ id: 'x'.repeat(320 * 1024) })],
    ['chain_depth_exceeded', () => pro, () => own({}, { chainToken: chained() })],
    ['monthly_emit_quota_exceeded', () => free, () => GENERIC],
  ]

  it.each(emits)('is refused with %s (%#)', async (code, by, body) => {
    const refused = await by().call('POST', `${CUSTOM}/emit`, body())
    expect([refused.status, refused.code]).toEqual([CODES[code].status, code])
  })

  // docs/specification/emit.md#order-of-judging
  it('is refused with the first code in order when several apply', async () => {
    const suspended = await platform.organization('PRO')
    const emit = (body: object) => suspended.call('POST', `${CUSTOM}/emit`, body)
    await emit({ ...GENERIC, idempotencyKey: 'k' })
    await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${suspended.org.id}/suspend`)
    expect((await emit({ name: 'a.b', payload: [] })).code).toBe('payload_invalid')
    expect((await emit({ name: 'a.b', payload: { a: 1 }, idempotencyKey: 'k' })).code).toBe('organization_suspended')
    await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${suspended.org.id}/activate`)
    expect((await emit({ name: 'a.b', payload: { a: 1 }, idempotencyKey: 'k' })).code).toBe('idempotency_key_conflict')
    // Free: the name before the plan, the plan before the payload, the payload before the quota (which is used up).
    const late = async (body: object) => (await free.call('POST', `${CUSTOM}/emit`, body)).code
    expect(await late({ name: `${free.slug}.no.such`, payload: {} })).toBe('event_not_registered')
    expect(await late({ ...GENERIC, payload: { nothing: 1 } })).toBe('payload_invalid')
    expect(await late({ ...GENERIC, chainToken: chained() })).toBe('chain_depth_exceeded')
  })

  it('of a registered event is refused on Free, before its payload is looked at', async () => {
    const organization = await platform.organization('PRO')
    await organization.call('POST', CUSTOM, {
      ...template('order.made'),
      namespace: organization.slug,
      status: 'published',
    })
    await platform.call(platform.adminKey, 'PATCH', `/api/v1/organizations/${organization.org.id}`, { plan: 'FREE' })
    const refused = await organization.call('POST', `${CUSTOM}/emit`, {
      name: `${organization.slug}.order.made`,
      payload: { id: 7 },
    })
    expect([refused.status, refused.code]).toEqual([402, 'plan_does_not_allow_registered_events'])
  })

  it('is kept with bus_relay_failed when the log does not take it', async () => {
    const organization = await platform.organization('PRO')
    const admin = createClient(connectionsOf(platform).kafka).admin()
    await admin.connect()
    const name = events.nameFor(organization.org.id, 'live')
    const configEntries = [{ name: 'max.message.bytes', value: '4000' }]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }],
    })
    await admin.disconnect()
    const large = { ...GENERIC, payload: { kind: 'large', data: { pad: 'x'.repeat(8_000) } }, idempotencyKey: 'large' }
    await organization.call('POST', `${CUSTOM}/emit`, large)
    // The first call may have been answered as pending; its key says what became of it.
    const failed = await organization.call('POST', `${CUSTOM}/emit`, large)
    const { retryable } = (failed.body as { error: { retryable: boolean } }).error
    expect([failed.status, failed.code, retryable]).toEqual([502, 'bus_relay_failed', false])
  })
})

describe('a draft', () => {
  it('is published, emitted and archived, and its version stays taken', async () => {
    expect((await pro.call('POST', `${CUSTOM}/${draftId}/publish`)).status).toBe(200)
    const emit = () => pro.call('POST', `${CUSTOM}/emit`, { name: `${pro.slug}.only.drafted`, payload: {} })
    expect((await emit()).status).toBe(202)
    expect((await pro.call('DELETE', `${CUSTOM}/${draftId}`)).status).toBe(200)
    expect((await emit()).code).toBe('event_not_published')
    expect((await pro.call('POST', CUSTOM, template('only.drafted'))).code).toBe('version_already_exists')
  })
})

describe('a plan', () => {
  it('that keeps the latest version only archives the older one, and a pin to it is event_not_published', async () => {
    const name = 'event.n0'
    const own = (version: string) => ({ ...template(name, version), namespace: basic.slug, status: 'published' })
    const { data } = await basic.call<Array<{ id: string }>>('GET', `${CUSTOM}?name=${name}`)
    await basic.call('POST', `${CUSTOM}/${data[0]!.id}/publish`)
    const emit = (version?: string) =>
      basic.call<{ canonicalName: string }>('POST', `${CUSTOM}/emit`, {
        name: `${basic.slug}.${name}`,
        payload: {},
        version,
      })
    expect((await emit('1.0.0')).status).toBe(202)
    expect((await basic.call('POST', CUSTOM, own('1.0.1'))).status).toBe(201)
    const pinned = await emit('1.0.0')
    expect([pinned.status, pinned.code]).toEqual([409, 'event_not_published'])
    expect((await emit()).data.canonicalName).toBe(`TENANT_CUSTOM:${basic.org.id}:${basic.slug}.${name}@1.0.1`)
    const archived = await basic.call<Array<{ version: string }>>('GET', `${CUSTOM}?name=${name}&status=archived`)
    expect(archived.data.map(each => each.version)).toEqual(['1.0.0'])
  })

  it('that is changed counts from the next call on, up and down', async () => {
    const plan = (to: string) =>
      platform.call(platform.adminKey, 'PATCH', `/api/v1/organizations/${free.org.id}`, { plan: to })
    const emit = async () => told(await free.call('POST', `${CUSTOM}/emit`, GENERIC))
    expect(await emit()).toBe('monthly_emit_quota_exceeded')
    await plan('BASIC')
    expect(await emit()).toBe(202)
    expect((await free.call('POST', CUSTOM, { ...template('order.made'), namespace: free.slug })).status).toBe(201)
    await plan('FREE')
    expect(await emit()).toBe('monthly_emit_quota_exceeded')
    const health = await free.call<{ plan: string; registrations: object }>('GET', `${CUSTOM}/health`)
    expect(health.data).toMatchObject({
      plan: 'FREE',
      registrations: { used: 1, limit: 0 },
      emits: { monthlyLimit: 1_000 },
    })
  })
})

const told = ({ status, code }: { status: number; code: string | undefined }) => code ?? status
