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
