/** An organization whose log is deleted by hand, on a whole platform: others go on, its emits are refused, and nothing is lost, doubled or miscounted. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { readEventHeaders } from '../../src/events/log-record.ts'
import { events } from '../../topics/events.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { readLog } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  // One shard, so that all of them share its transactions and its partition of `platform.emits`.
  platform = await startPlatform({ env: { CLARION_SHARDS: '1' } })
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

const GROUPS = '/api/v1/events/custom/federation/groups'
const EMIT = '/api/v1/events/custom/emit'

async function must<T>(answer: Promise<{ status: number; data: T; body: unknown }>): Promise<T> {
  const { status, data, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return data
}

/** An owner whose `order.made` goes to two peers. */
async function federation() {
  const owner = await platform.organization()
  const peers = [await platform.organization(), await platform.organization()] as const
  const body = {
    namespace: owner.slug,
    name: 'order.made',
    version: '1.0.0',
    payloadSchema: { type: 'object' },
    status: 'published',
  }
  const registration = await must(owner.call<{ id: string }>('POST', '/api/v1/events/custom', body))
  const group = await must(owner.call<{ id: string }>('POST', GROUPS, { name: 'Partners' }))
  await must(owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId: registration.id }))
  for (const peer of peers) {
    await must(owner.call('POST', `${GROUPS}/${group.id}/invite`, { memberOrganizationId: peer.org.id }))
    await must(peer.call('POST', `${GROUPS}/${group.id}/accept`))
  }
  const share = (n: number) => must(owner.call('POST', EMIT, { name: `${owner.slug}.order.made`, payload: { n } }))
  const relays = () => must(owner.call<Array<{ status: string }>>('GET', `${GROUPS}/${group.id}/relays?limit=100`))
  return { peers, share, relays }
}

const own = (n: number) => ({
  name: 'platformxe.generic',
  payload: { kind: 'own', data: { n } },
  idempotencyKey: `own${n}`,
})

/** `relay 2#3`: the event with that number in its payload, and its sequence number. */
async function logOf(organization: TestOrganization): Promise<string[]> {
  const records = await readLog(platform, organization)
  return records.map(({ value, headers }) => {
    const {
      kind = 'relay',
      data,
      n = data?.n,
    } = JSON.parse(String(value)) as { kind?: string; n?: number; data?: { n: number } }
    return `${kind} ${n}#${readEventHeaders(headers, organization.org.id).sequence}`
  })
}

it('is paused: relays to it wait, its emits are refused; both are in its log, in order and once, when it is there again', async () => {
  const { peers, share, relays } = await federation()
  const [struck, other] = peers
  await share(1)
  for (const peer of peers) await until(() => logOf(peer), log => log.length === 1) // biome-ignore format: one thought
  const topic = events.nameFor(struck.org.id, 'live')
  const admin = createClient(connectionsOf(platform).kafka).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [topic] })

  await share(2)
  await share(3)
  expect(await until(() => logOf(other), log => log.length === 3)).toEqual(['relay 1#1', 'relay 2#2', 'relay 3#3']) // biome-ignore format: one thought
  const NOBODY_WAITS = { prefer: 'respond-async' }
  await must(struck.call('POST', EMIT, own(1), NOBODY_WAITS))
  const refused = await until(() => struck.call('POST', EMIT, own(1), NOBODY_WAITS), ({ status }) => status === 503) // biome-ignore format: one thought
  expect([refused.code, refused.headers.get('retry-after')]).toEqual(['service_unavailable', '5'])
  const ready = await fetch(`${platform.base}/ready`)
  expect([ready.status, JSON.stringify(await ready.json())]).toEqual([200, expect.stringContaining(topic)])
  const metrics = await (await fetch(`${platform.base}/metrics`)).text()
  expect(metrics).toContain('clarion_paused_organizations{role="admit",reason="unknown_topic"} 1')

  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] })
  await admin.disconnect()
  await until(() => struck.call('POST', EMIT, own(2)), ({ status, data }) => status === 202 && 'sequence' in data) // biome-ignore format: one thought
  const log = await logOf(struck)
  expect(log.filter(event => event.startsWith('relay'))).toEqual([
    expect.stringMatching(/^relay 2#/),
    expect.stringMatching(/^relay 3#/),
  ])
  expect(log.filter(event => event.startsWith('own')).map(event => event.split('#')[0])).toEqual(['own 1', 'own 2'])
  expect(log.map(event => Number(event.split('#')[1]))).toEqual([2, 3, 4, 5])
  const rows = await until(relays, all => all.length === 6 && all.every(({ status }) => status === 'relayed'))
  expect(rows).toHaveLength(6)
  const usage = await until(
    () => must(struck.call<{ meters: { emits: number } }>('GET', '/api/v1/usage/summary')),
    ({ meters }) => meters.emits >= 2,
  )
  expect(usage.meters.emits).toBe(2)
  expect(platform.log()).not.toContain('shard stopped')
}, 120_000)
