/** Organizations with webhooks, over HTTP. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { openTestApi, type TestApi } from '../api-harness.ts'

export let api: TestApi

export let owner: Awaited<ReturnType<TestApi['organization']>>

export let stranger: Awaited<ReturnType<TestApi['organization']>>

export const EMIT = '/api/v1/events/custom/emit'

export const CUSTOM = '/api/v1/events/custom'

export const total = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] }

export const hook = async (name: string, body: object) =>
  (await owner.call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', name, ...body })).data
    .id as string

export const webhooks: Record<string, string> = {}

beforeAll(async () => {
  api = await openTestApi()
  owner = await api.organization('PRO')
  stranger = await api.organization('PRO')
  const register = (version: string, payloadSchema: object, status = 'published') =>
    owner.call('POST', CUSTOM, { namespace: owner.slug, name: 'order', version, payloadSchema, status })
  expect((await register('1.0.0', total)).status).toBe(201)
  expect(
    (await register('1.1.0', { ...total, properties: { total: { type: 'number' }, note: { type: 'string' } } })).status,
  ).toBe(201)
  expect((await register('2.0.0', { type: 'object', required: ['sum'] }, 'draft')).status).toBe(201)
  const events = [`${owner.slug}.*`]
  webhooks.all = await hook('all', { events: ['*'] })
  webhooks.large = await hook('large', {
    events,
    conditions: { all: [{ path: 'payload.total', operator: 'gt', value: 100 }] },
  })
  webhooks.other = await hook('other', { events: ['crm.lead'] })
  webhooks.off = await hook('off', { events, active: false })
})

afterAll(() => api?.close())
