/** Calls that the tests of federation's routes share. */
import { expect } from '@jest/globals'
import type { TestApi } from './api-harness.ts'

export const BASE = '/api/v1/events/custom/federation'
export const GROUPS = `${BASE}/groups`
export type Org = Awaited<ReturnType<TestApi['organization']>>

export async function groupOf(owner: Org, name = 'Partners') {
  const made = await owner.call('POST', GROUPS, { name })
  expect(made.status).toBe(201)
  return made.data as { id: string }
}
export const invite = (owner: Org, group: { id: string }, peer: { id: string }) =>
  owner.call('POST', `${GROUPS}/${group.id}/invite`, { memberOrganizationId: peer.id })
export async function joined(owner: Org, group: { id: string }, peer: Org) {
  const { data } = await invite(owner, group, peer)
  expect((await peer.call('POST', `${GROUPS}/${group.id}/accept`)).status).toBe(200)
  return data as { id: string }
}
export async function published(
  owner: Org,
  name = 'order.made',
  namespace = owner.slug,
  schema: object = { type: 'object' },
) {
  const made = await owner.call('POST', '/api/v1/events/custom', {
    ...{ namespace, name, version: '1.0.0', payloadSchema: schema, status: 'published' },
  })
  expect([made.status, made.code]).toEqual([201, undefined])
  return made.data as { id: string; canonicalName: string; schemaHash: string }
}
export const statusOf = async (owner: Org, group: { id: string }, memberId: string) => {
  const { data } = await owner.call('GET', `${GROUPS}/${group.id}`)
  const { status, pauseReason, removeReason } = data.members.find((each: { id: string }) => each.id === memberId)
  return [status, pauseReason ?? removeReason]
}
