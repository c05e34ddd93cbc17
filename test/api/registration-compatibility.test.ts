import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const EVENTS = '/api/v1/events/custom'
const open = (properties: object) => ({ type: 'object', properties })
const S = { type: 'string' }
const version = (namespace: string, number: string, payloadSchema: object) => ({
  ...{ namespace, name: 'order.made', version: number, status: 'published', payloadSchema },
})

describe('a minor', () => {
  it('of an open model is registered with a warning, which stays with it and with its repetition', async () => {
    const { slug, call } = await api.organization()
    await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    const next = version(slug, '1.1.0', open({ a: S, b: S }))
    const warnings = [
      { path: '/payloadSchema/properties/b', rule: 'open_model_property_added', message: expect.any(String) },
    ]
    expect((await call('POST', `${EVENTS}/dry-run`, next)).data).toMatchObject({
      valid: true,
      semverBump: 'minor',
      warnings,
      proof: false,
    })
    const made = await call('POST', EVENTS, next, { 'idempotency-key': 'k' })
    expect([made.status, made.data.warnings]).toEqual([201, warnings])
    expect((await call('POST', EVENTS, next, { 'idempotency-key': 'k' })).data).toEqual(made.data)
    expect((await call('GET', `${EVENTS}/${made.data.id}`)).data.warnings).toEqual(warnings)
  })

  it('of an open model is refused in an organization that the operator made strict', async () => {
    const { id, slug, call } = await api.organization()
    await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    expect((await api.operator('GET', `/api/v1/organizations/${id}`)).data.strictCompatibility).toBe(false)
    const patched = await api.operator('PATCH', `/api/v1/organizations/${id}`, { strictCompatibility: true })
    expect(patched.data.strictCompatibility).toBe(true)
    const refused = await call('POST', EVENTS, version(slug, '1.1.0', open({ a: S, b: S })))
    expect([refused.status, refused.code]).toEqual([400, 'minor_must_be_backwards_compatible'])
    const proved = await call(
      'POST',
      `${EVENTS}/dry-run`,
      version(slug, '1.1.0', open({ a: { ...S, description: 'd' } })),
    )
    expect(proved.data).toMatchObject({ valid: true, warnings: [], proof: true })
  })
})

describe('the mode of minors', () => {
  const MODES = `${EVENTS}/compatibility`
  const widened = open({ a: { type: ['string', 'null'] } })

  it('is full unless the organization or the event has another, and decides what is registered', async () => {
    const { slug, call } = await api.organization()
    const name = `${slug}.order.made`
    await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    expect((await call('GET', MODES)).data).toMatchObject({ mode: 'full', inherited: true })
    expect((await call('GET', `${MODES}/${name}`)).data).toMatchObject({ mode: 'full', inherited: true })

    const refused = await call('POST', EVENTS, version(slug, '1.1.0', widened))
    expect([refused.status, refused.code]).toEqual([400, 'minor_must_be_backwards_compatible'])
    expect((await call('PUT', MODES, { mode: 'forward' })).data).toMatchObject({ mode: 'forward', inherited: false })
    expect((await call('PUT', `${MODES}/${name}`, { mode: 'backward' })).data).toMatchObject({
      mode: 'backward',
      inherited: false,
    })
    const { data: dry } = await call('POST', `${EVENTS}/dry-run`, version(slug, '1.1.0', widened))
    const valid = Object.entries(dry.modes as Record<string, { valid: boolean }>).map(([mode, each]) => [
      mode,
      each.valid,
    ])
    expect(Object.fromEntries(valid)).toEqual({
      ...{ full: false, backward: true, forward: false },
      ...{ full_transitive: false, backward_transitive: true, forward_transitive: false },
    })
    expect(dry.modes.forward.findings).toMatchObject([
      { rule: 'type_widened', path: '/payloadSchema/properties/a/type' },
    ])
    expect((await call('POST', EVENTS, version(slug, '1.1.0', widened))).status).toBe(201)

    expect((await call('DELETE', `${MODES}/${name}`)).data).toMatchObject({ mode: 'forward', inherited: true })
    const narrowed = version(slug, '1.2.0', open({ a: S }))
    expect((await call('POST', EVENTS, narrowed)).status).toBe(201)
  })

  it('is what the schema façade reports and goes by', async () => {
    const { slug, call, apiKey } = await api.organization()
    const name = `${slug}.order.made`
    await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    await call('POST', EVENTS, version(slug, '1.1.0', open({ a: { ...S, title: 't' } })))
    await call('PUT', `${MODES}/${name}`, { mode: 'backward_transitive' })
    const registry = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${api.base}/api/v1/schema-registry${path}`, {
        method,
        headers: { 'x-api-key': apiKey },
        ...(body && { body: JSON.stringify(body) }),
      })
      // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
      return response.json() as Promise<any>
    }
    const latest = await registry('GET', `/subjects/${name}/versions/latest`)
    expect(latest).toMatchObject({ subject: name, version: 2, guid: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(await registry('GET', `/schemas/guids/${latest.guid}`)).toMatchObject({ schema: latest.schema })
    expect(await registry('GET', '/schemas/guids/none')).toMatchObject({ error_code: 40403 })
    expect(await registry('GET', '/config')).toEqual({ compatibilityLevel: 'FULL' })
    expect(await registry('GET', `/config/${name}`)).toEqual({ compatibilityLevel: 'BACKWARD_TRANSITIVE' })
    const check = (schema: object) =>
      registry('POST', `/compatibility/subjects/${name}/versions?verbose=true`, {
        ...{ schema: JSON.stringify(schema), schemaType: 'JSON' },
      })
    expect(await check(widened)).toEqual({ is_compatible: true, messages: [] })
    expect(await check(open({ a: { type: 'integer' } }))).toMatchObject({ is_compatible: false })
  })

  it('is of names that were registered, and of this organization', async () => {
    const { slug, call } = await api.organization()
    const other = await api.organization()
    await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    for (const ask of [
      () => call('GET', `${MODES}/${slug}.no.such`),
      () => call('PUT', `${MODES}/${slug}.no.such`, { mode: 'backward' }),
      () => call('DELETE', `${MODES}/${'x'.repeat(200)}`),
      () => call('PUT', `${MODES}/__proto__`, { mode: 'backward' }),
      () => other.call('PUT', `${MODES}/${slug}.order.made`, { mode: 'backward' }),
    ])
      expect((await ask()).code).toBe('not_found')
    for (const body of [{ mode: 'none' }, {}, { mode: 'full', more: 1 }])
      expect((await call('PUT', MODES, body)).code).toBe('validation_failed')
    expect((await call('GET', `${MODES}/${slug}.order.made`)).data).toMatchObject({ mode: 'full', inherited: true })
  })
})

it('a registration comes as types of a language that is known', async () => {
  const { slug, call } = await api.organization()
  const { id, schemaHash } = (await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))).data
  const types = await call('GET', `${EVENTS}/${id}/types?lang=typescript`)
  expect(types.data).toEqual({ language: 'typescript', schemaHash, code: expect.stringContaining(schemaHash) })
  expect(types.data.code).toMatch(/a\?:\s+string/)
  expect((await call('GET', `${EVENTS}/${id}/types?lang=cobol`)).code).toBe('validation_failed')
  expect((await call('GET', `${EVENTS}/cer_none/types?lang=go`)).code).toBe('not_found')
  const other = await api.organization()
  expect((await other.call('GET', `${EVENTS}/${id}/types?lang=go`)).code).toBe('not_found')
})

describe('a schema as it is published', () => {
  const components = { schemas: { Customer: { type: 'object', properties: { name: S } }, Unused: {} } }
  const payloadSchema = open({ customer: { $ref: '#/components/schemas/Customer' } })

  it('brings the components that it refers to, which are stored with it', async () => {
    const { slug, call } = await api.organization()
    const input = { ...version(slug, '1.0.0', payloadSchema), components }
    const bundled = {
      ...open({ customer: { $ref: '#/$defs/Customer' } }),
      $defs: { Customer: components.schemas.Customer },
    }
    expect((await call('POST', `${EVENTS}/dry-run`, input)).data).toMatchObject({ valid: true, warnings: [] })
    const made = await call('POST', EVENTS, input, { 'idempotency-key': 'k' })
    expect([made.status, made.data.payloadSchema]).toEqual([201, bundled])
    expect((await call('POST', EVENTS, input, { 'idempotency-key': 'k' })).data).toEqual(made.data)
    const lost = await call('POST', EVENTS, version(slug, '1.1.0', payloadSchema))
    expect([lost.code, lost.body.error?.details?.[0]]).toMatchObject([
      'invalid_json_schema',
      { rule: 'unresolved_ref' },
    ])
    const hostile = {
      schemas: JSON.parse('{"__proto__":{"type":"object"},"Customer":{"$ref":"#/components/schemas/Customer"}}'),
    }
    expect((await call('POST', EVENTS, { ...input, version: '1.1.0', components: hostile })).status).toBe(400)
    for (const wrong of [[], 'text', { schemas: [] }])
      expect((await call('POST', EVENTS, { ...input, version: '1.1.0', components: wrong })).code).toBe(
        'validation_failed',
      )
  })

  it('may be larger where the operator says so, on the plan ENTERPRISE', async () => {
    const wide = open(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p${n}`, S])))
    const { id, slug, call } = await api.organization('ENTERPRISE')
    const at = `/api/v1/organizations/${id}`
    expect((await call('POST', EVENTS, version(slug, '1.0.0', wide))).code).toBe('schema_too_wide')
    const schemaLimits = { depth: 10, properties: 500 }
    expect((await api.operator('PATCH', at, { schemaLimits })).data.schemaLimits).toEqual(schemaLimits)
    expect((await call('POST', EVENTS, version(slug, '1.0.0', wide))).status).toBe(201)
    expect((await api.operator('PATCH', at, { plan: 'PRO' })).data.schemaLimits).toEqual({ depth: 5, properties: 50 })
    expect((await api.operator('PATCH', at, { schemaLimits })).code).toBe('validation_failed')
    expect((await api.operator('PATCH', at, { schemaLimits: { depth: 11, properties: 50 } })).code).toBe(
      'validation_failed',
    )
  })
})

describe("a receiver's contract", () => {
  const contractOf = (namespace: string, schema: object) => ({
    ...{ url: 'https://receiver.test/hook', events: [`${namespace}.*`], name: 'ledger' },
    contracts: { [`${namespace}.order.made`]: schema },
  })
  const needsA = { type: 'object', properties: { a: S }, required: ['a'] }
  const minor = (namespace: string) => version(namespace, '1.1.0', open({ a: S, b: S }))

  it('is a warning on a version that does not honour it, names the receiver, and shows in the impact', async () => {
    const { slug, call } = await api.organization()
    const made = await call('POST', '/api/v1/webhooks', contractOf(slug, needsA))
    expect([made.status, made.data.contracts]).toEqual([201, { [`${slug}.order.made`]: needsA }])
    const receiver = { kind: 'webhook', id: made.data.id, name: 'ledger' }
    const first = await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    expect(first.data.warnings).toEqual([
      { path: '/payloadSchema', rule: 'contract_violated', message: expect.stringContaining('ledger'), receiver },
    ])
    const { data: dry } = await call('POST', `${EVENTS}/dry-run`, minor(slug))
    expect([dry.valid, dry.impact.contracts]).toEqual([true, [{ receiver, holds: false, path: '/required' }]])

    const kept = { type: 'object', properties: { a: { type: ['string', 'null'] } } }
    await call('PATCH', `/api/v1/webhooks/${made.data.id}`, { contracts: { [`${slug}.order.made`]: kept } })
    const honoured = (await call('POST', `${EVENTS}/dry-run`, minor(slug))).data
    expect(honoured.impact.contracts).toEqual([{ receiver, holds: true, path: '' }])
    expect(honoured.warnings.map(({ rule }: { rule: string }) => rule)).toEqual(['open_model_property_added'])
  })

  it('refuses a minor where the organization says so, and a major never', async () => {
    const { slug, call } = await api.organization()
    await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    const hook = (await call('POST', '/api/v1/webhooks', contractOf(slug, needsA))).data
    const policy = { contractPolicy: 'refuse' }
    expect((await call('PUT', `${EVENTS}/compatibility`, policy)).data).toEqual({
      mode: 'full',
      inherited: true,
      ...policy,
    })
    const refused = await call('POST', EVENTS, minor(slug))
    expect([refused.status, refused.code]).toEqual([400, 'contract_violated'])
    expect(refused.body.error?.details?.[0]).toMatchObject({ path: '/payloadSchema', rule: 'contract_violated' })
    expect((await call('POST', EVENTS, version(slug, '2.0.0', open({})))).data.warnings).toMatchObject([
      { rule: 'contract_violated', receiver: { id: hook.id } },
    ])
    // A webhook that is pinned to another version does not get this one.
    await call('PATCH', `/api/v1/webhooks/${hook.id}`, { events: [`${slug}.order.made@1.0.0`] })
    expect(
      (await call('POST', `${EVENTS}/dry-run`, version(slug, '2.1.0', open({ b: S })))).data.impact.contracts,
    ).toEqual([])
  })

  it('of a workflow counts where its trigger names the event and pins no other version', async () => {
    const { slug, call } = await api.organization()
    const trigger = { kind: 'event', event: `${slug}.order.made` }
    const contracts = { [`${slug}.order.made`]: needsA }
    const made = await call('POST', '/api/v1/workflows', { name: 'books', trigger, contracts })
    expect([made.status, made.data.contracts]).toEqual([201, contracts])
    await call('POST', EVENTS, version(slug, '1.0.0', open({ a: S })))
    const judged = async () => (await call('POST', `${EVENTS}/dry-run`, minor(slug))).data.impact.contracts
    const receiver = { kind: 'workflow', id: made.data.id, name: 'books' }
    expect(await judged()).toEqual([{ receiver, holds: false, path: '/required' }])
    const path = `/api/v1/workflows/${made.data.id}`
    await call('PATCH', path, { trigger: { ...trigger, version: '1.0.0' } })
    expect(await judged()).toEqual([])
    await call('PATCH', path, { trigger })
    await call('PATCH', path, { contracts: null })
    expect([(await call('GET', path)).data.contracts, await judged()]).toEqual([{}, []])
    const wrong = await call('PATCH', path, { contracts: { [`${slug}.order.made`]: { type: 'array' } } })
    expect(wrong.code).toBe('invalid_json_schema')
  })

  it('is checked as a payload schema is, with its place', async () => {
    const { slug, call } = await api.organization()
    const place = async (contracts: unknown) => {
      const { code, body } = await call('POST', '/api/v1/webhooks', { ...contractOf(slug, {}), contracts })
      return `${code} ${body.error?.details?.[0]?.path}`
    }
    const name = `${slug}.order.made`
    expect(await place({ [name]: { type: 'array' } })).toBe(`invalid_json_schema /contracts/${name}/type`)
    expect(await place({ [name]: { type: 'object', pattern: '(' } })).toBe(
      `invalid_json_schema /contracts/${name}/pattern`,
    )
    expect(await place({ [name]: { type: 'object', title: 'x'.repeat(17_000) } })).toBe(
      `schema_too_wide /contracts/${name}`,
    )
    expect(await place({ Wrong: needsA })).toBe('validation_failed /contracts/Wrong')
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`${slug}.e${n}`, needsA]))
    expect(await place(many)).toMatch(/^validation_failed \/contracts/)
  })
})
