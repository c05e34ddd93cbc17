/** Two organizations and a marketplace, over HTTP. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { openTestApi, type TestApi } from '../api-harness.ts'
import type { Org } from '../federation-calls.ts'

export let api: TestApi

beforeAll(async () => {
  api = await openTestApi()
})

afterAll(() => api?.close())

export const BASE = '/api/v1/events/custom/marketplace'

export const EVENTS = '/api/v1/events/custom'

export const plan = (org: Org, to: string) => api.operator('PATCH', `/api/v1/organizations/${org.id}`, { plan: to })

export const closed = (...names: string[]) => ({
  ...{ type: 'object', additionalProperties: false },
  properties: Object.fromEntries(names.map(name => [name, { type: 'string' }])),
})

export async function register(org: Org, more: object = {}) {
  const made = await org.call('POST', EVENTS, {
    ...{ namespace: org.slug, name: 'order.made', version: '1.0.0', payloadSchema: closed('id') },
    ...{ status: 'published', ...more },
  })
  expect([made.code, made.status]).toEqual([undefined, 201])
  return made.data
}

export const publish = (org: Org, registrationId: string, more: object = {}) =>
  org.call('POST', `${BASE}/publish`, { registrationId, title: 'Orders', ...more })

export async function listed(org: Org, more: object = {}, registration: object = {}) {
  const made = await publish(org, (await register(org, registration)).id, more)
  expect([made.code, made.status]).toEqual([undefined, 201])
  return made.data
}

export const fork = (org: Org, id: string, more: object = {}, headers: Record<string, string> = {}) =>
  org.call('POST', `${BASE}/${id}/fork`, { namespace: org.slug, name: 'copy', ...more }, headers)

export const said = ({ status, code }: { status: number; code: string | undefined }) => [status, code]
