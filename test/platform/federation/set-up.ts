import { afterAll, beforeAll } from '@jest/globals'
import { readLog } from '../../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { createReceiver, type Receiver } from '../../support/receiver.ts'
import { until as untilSo } from '../../support/until.ts'

export let platform: TestPlatform
export let receiver: Receiver
export const BASE = '/api/v1/events/custom/federation'
export const GROUPS = `${BASE}/groups`

interface Relay {
  id: string
  memberId: string
  status: string
  skipReason: string | null
  lastError: string | null
  sourceEventId: string
  targetEventId: string | null
  targetCanonicalName: string | null
  deliveryId: string | null
  attempts: number
  responseStatus: number | null
}

export interface Station {
  organizationId: string | null
  eventId: string | null
  relayId: string | null
}

export interface History {
  federation: { source: object | null; relays: Array<Relay & { memberOrganizationId: string | null }> } | null
  deliveries: Array<{ status: string }>
  attempts: Array<{ url: string }>
}

export const emit = (org: TestOrganization, name: string, payload: object, more: object = {}) =>
  org.call<{ eventId: string; emitId: string }>('POST', '/api/v1/events/custom/emit', { name, payload, ...more })

export async function must<T>(answer: Promise<{ status: number; data: T; body: unknown }>): Promise<T> {
  const { status, data, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return data
}

export async function register(
  org: TestOrganization,
  name = 'order.made',
  namespace = org.slug,
  schema: object = { type: 'object' },
) {
  const body = { namespace, name, version: '1.0.0', payloadSchema: schema, status: 'published' }
  return must(org.call<{ id: string; canonicalName: string }>('POST', '/api/v1/events/custom', body))
}

export async function createGroup(owner: TestOrganization, name = 'Partners') {
  return (await must(owner.call<{ id: string }>('POST', GROUPS, { name }))).id
}

export const declare = (owner: TestOrganization, group: string, registrationId: string) =>
  must(owner.call<{ id: string }>('POST', `${GROUPS}/${group}/pushes`, { registrationId }))

export async function join(owner: TestOrganization, group: string, peer: TestOrganization, body?: object) {
  const member = await must(
    owner.call<{ id: string }>('POST', `${GROUPS}/${group}/invite`, { memberOrganizationId: peer.org.id }),
  )
  await must(peer.call('POST', `${GROUPS}/${group}/accept`, body))
  return member.id
}

/** An owner whose `order.made` goes to so many peers. */
export async function federation(peerCount: number) {
  const owner = await platform.organization()
  const group = await createGroup(owner)
  const registration = await register(owner)
  const push = await declare(owner, group, registration.id)
  const peers = await Promise.all(Array.from({ length: peerCount }, () => platform.organization()))
  const members = []
  for (const peer of peers) members.push(await join(owner, group, peer))
  return { owner, group, registration, push, peers, members, name: `${owner.slug}.order.made` }
}

export const until = <T>(what: string, ask: () => Promise<T>, holds: (found: T) => boolean): Promise<T> =>
  untilSo(ask, holds).catch(error => {
    throw new Error(`not so in time: ${what}`, { cause: error })
  })

export const relaysOf = async (org: TestOrganization, group: string, query = '') =>
  (await must(org.call<Relay[]>('GET', `${GROUPS}/${group}/relays?limit=100${query}`))) as Relay[]

/** The log of an organization, once it has so many events. */
export const logOf = (org: TestOrganization, count: number) =>
  until(
    `${count} events in the log of ${org.slug}`,
    () => readLog(platform, org),
    records => records.length >= count,
  )

/** Starts the platform of the file. Call this once, at its top. */
export function useFederation(): void {
  beforeAll(async () => {
    platform = await startPlatform()
    receiver = await createReceiver()
  }, 120_000)
  afterAll(async () => {
    await receiver?.close()
    await platform?.stop()
  }, 60_000)
}
