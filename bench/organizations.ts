/** The organizations of a run: four on different shards, each with the order registered. Made once, whichever figure comes first. */

import { shardOf } from '../src/kafka/shards.ts'
import { createClient } from '../test/support/kafkajs-client.ts'
import { emits } from '../topics/emits.ts'
import { shards as shardsTopic } from '../topics/shards.ts'
import { EVENT_NAME, ORDER_SCHEMA, orderJson } from './order.ts'
import type { HttpClient, PlatformProcess } from './platform-process.ts'
import type { Testbed } from './testbed.ts'

const ORGANIZATIONS = 4
/** With 8 shards, 4 different ones are found in about 6 tries; with 16 all of them in about 54. */
const TRIES_MAX = 400

export interface BenchOrganization {
  id: string
  apiKey: string
  /** `<namespace>.<name>` of its order. */
  event: string
  /** Its ingress. */
  topic: string
}

const made = new WeakMap<Testbed, Promise<BenchOrganization[]>>()

/** Starts a process with role `api` for it, and ends it again. */
export function organizationsOf(testbed: Testbed): Promise<BenchOrganization[]> {
  const known = made.get(testbed)
  if (known) return known
  const making = makeOrganizations(testbed)
  made.set(testbed, making)
  return making
}

async function makeOrganizations(testbed: Testbed): Promise<BenchOrganization[]> {
  testbed.say(`making ${ORGANIZATIONS} organizations on different shards`)
  return spreadOrganizations(testbed, ORGANIZATIONS)
}

/** So many new ones, as evenly over the shards as can be. Starts a process with role `api` for it, and ends it again. */
export async function spreadOrganizations(testbed: Testbed, count: number): Promise<BenchOrganization[]> {
  const api = await testbed.platform('api')
  const shards = await countShards(testbed)
  const each = Math.ceil(count / shards)
  const taken = new Map<number, number>()
  const organizations: BenchOrganization[] = []
  for (let tries = 0; organizations.length < count; tries++) {
    if (tries > TRIES_MAX)
      throw new Error(`no ${count} organizations on different shards were found in ${TRIES_MAX} tries`)
    const organization = await makeOrganization(api, testbed)
    const shard = shardOf(organization.id, shards)
    const there = taken.get(shard) ?? 0
    if (there >= each) continue
    taken.set(shard, there + 1)
    organizations.push(organization)
  }
  await api.end()
  return organizations
}

/** A new organization (ENTERPRISE) with the order registered and published. */
export async function makeOrganization(api: PlatformProcess, testbed: Testbed): Promise<BenchOrganization> {
  const slug = `b${testbed.random.bytes(6).toString('hex')}`
  const operator = api.client(api.adminKey)
  const asked = { name: slug, slug, plan: 'ENTERPRISE', ownerEmail: 'bench@example.test' }
  const { organization, apiKey } = await post<{ organization: { id: string }; apiKey: string }>(
    operator,
    '/api/v1/organizations',
    asked,
  )
  const registration = {
    namespace: slug,
    name: EVENT_NAME,
    version: '1.0.0',
    status: 'published',
    payloadSchema: ORDER_SCHEMA,
  }
  await post(api.client(apiKey), '/api/v1/events/custom', registration)
  return { id: organization.id, apiKey, event: `${slug}.${EVENT_NAME}`, topic: emits.nameFor(organization.id, 'live') }
}

/** One order over HTTP. Resolves with its verdict, which must be that it is accepted; throws a sentence else. */
export async function emitOrder(client: HttpClient, { event }: BenchOrganization, n: number): Promise<void> {
  const { status, text } = await client.send(
    'POST',
    '/api/v1/events/custom/emit',
    `{"name":"${event}","payload":${orderJson(n)}}`,
  )
  if (status !== 202 || !text.includes('"sequence":'))
    throw new Error(`an emit was answered ${status}: ${text.slice(0, 300)}`)
}

/** `data` of the answer. Throws on anything but 201. */
async function post<T>(client: HttpClient, path: string, body: object): Promise<T> {
  const { status, text } = await client.send('POST', path, JSON.stringify(body))
  if (status !== 201) throw new Error(`POST ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return (JSON.parse(text) as { data: T }).data
}

/** As the installation was made with. */
export async function countShards({ kafka }: Testbed): Promise<number> {
  const admin = createClient(kafka).admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata({ topics: [shardsTopic.name] })
  await admin.disconnect()
  return topics[0]!.partitions.length
}
