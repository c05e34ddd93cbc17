/** Decisions of `admit`, seen from outside: both ways in, every environment, chains, and a log that cannot be written. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import { CHAIN_DEPTH_MAX, createChainTokens } from '../../src/events/chain.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import { emits } from '../../topics/emits.ts'
import { events } from '../../topics/events.ts'
import { quarantine } from '../../topics/quarantine.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { expectLedger, readLog, readToEnd, takeLedger } from '../support/ledger.ts'
import { SHARDS, sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

interface Emitted {
  emitId: string
  eventId: string
  sequence: number
  verdict?: string
}
const emit = (organization: TestOrganization, body: object) =>
  organization.call<Emitted>('POST', '/api/v1/events/custom/emit', body)
const generic = (kind: string, more: object = {}) => ({ name: 'platformxe.generic', payload: { kind }, ...more })
const GENERIC = { name: 'platformxe.generic' }

/** Produces straight into the organization's ingress, as its own applications do. */
async function produce(
  organization: TestOrganization,
  messages: Array<{ value: string | Buffer | null; key?: string; headers?: Record<string, string | Buffer> }>,
): Promise<void> {
  const producer = createClient(connectionsOf(platform).kafka).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  await producer.send({ topic: emits.nameFor(organization.org.id, 'live'), messages })
  await producer.disconnect()
}

async function listed(organization: TestOrganization, count: number): Promise<Array<Record<string, unknown>>> {
  const path = '/api/v1/events/custom/emits?limit=100'
  return until(
    async () => (await organization.call<Array<Record<string, unknown>>>('GET', path)).data,
    data => data.length >= count,
  )
}

describe('a record that a producer wrote straight into the ingress', () => {
  it('meets the same verdict as over HTTP: accepted in order, numbered, delivered', async () => {
    const organization = await platform.organization()
    const receiver = await createReceiver()
    await organization.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['platformxe.generic#direct'] })
    await produce(
      organization,
      Array.from({ length: 20 }, (_, n) => ({
        value: JSON.stringify({ kind: 'direct', data: { n } }),
        headers: GENERIC,
        key: 'one',
      })),
    )
    const requests = await receiver.received(20)
    expect(requests.map(request => JSON.parse(request.body.toString()).sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    )
    const log = await readLog(platform, organization)
    expect(log.map(record => JSON.parse(record.value!.toString()).data.n)).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    )
    await receiver.close()
  })

  it('is quarantined with its code when it is broken, forged or unknown, and stops nobody', async () => {
    const organization = await platform.organization()
    const bad: Array<[string, Parameters<typeof produce>[1][number]]> = [
      ['payload_invalid', { value: 'not json', headers: GENERIC }],
      ['payload_invalid', { value: null, headers: GENERIC }],
      ['payload_invalid', { value: Buffer.from([0xff, 0xfe, 0x00]), headers: GENERIC }],
      ['payload_invalid', { value: '[1]', headers: GENERIC }],
      ['payload_invalid', { value: '{"kind":"a","kind":"b"}', headers: GENERIC }],
      ['payload_invalid', { value: '{"kind":"a"}' }],
      ['payload_invalid', { value: '{"kind":"a"}', headers: { name: Buffer.from([0xc3, 0x28]) } }],
      ['payload_too_large', { value: `{"kind":"a","summary":"${'x'.repeat(270_000)}"}`, headers: GENERIC }],
      ['event_not_registered', { value: '{}', headers: { name: `${organization.slug}.unknown` } }],
    ]
    const forged = {
      ...GENERIC,
      'clarion-actor': 'key_somebody',
      'clarion-reply-to': 'api_x/1',
      'clarion-control': '999999999',
      'clarion-tag': 'x'.repeat(43),
    }
    await produce(organization, [
      ...bad.map(([, message]) => message),
      { value: '{"kind":"forged"}', headers: forged },
      { value: '{"kind":"good"}', headers: GENERIC },
    ])
    const rows = await listed(organization, bad.length + 2)
    expect(
      rows
        .filter(row => row.status === 'REJECTED')
        .map(row => row.code)
        .sort(),
    ).toEqual(bad.map(([code]) => code).sort())
    expect(rows.filter(row => row.verdict === 'accepted').map(row => [row.actorId, row.channel])).toEqual([
      ['producer', 'kafka'],
      ['producer', 'kafka'],
    ])
    const kept = await readToEnd(connectionsOf(platform).kafka, quarantine.name, shardOf(organization.org.id, SHARDS))
    const own = kept.filter(record => record.headers['clarion-organization']?.toString() === organization.org.id)
    expect(own.map(record => record.headers['clarion-code']!.toString())).toEqual(bad.map(([code]) => code))
    expectLedger(await takeLedger(platform, organization, 2), 2)
  })
})

describe('chains', () => {
  const tokens = () =>
    createChainTokens(
      (JSON.parse(readFileSync(join(platform.dataDir, 'keys.json'), 'utf8')) as { secretKey: string }).secretKey,
    )

  it('grow by one with each emit that gives a delivery its token back', async () => {
    const organization = await platform.organization()
    const receiver = await createReceiver()
    await organization.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['*'] })
    const first = await emit(organization, generic('first'))
    const [delivered] = await receiver.received(1)
    await emit(organization, generic('second', { chainToken: delivered!.headers['x-event-chain'] }))
    const [, second] = await receiver.received(2)
    const { chain, causationId } = JSON.parse(second!.body.toString())
    expect([chain.depth, chain.rootEventId, causationId]).toEqual([1, first.data.eventId, first.data.eventId])
    await receiver.close()
  })

  it('end at their cap, and a forged token counts for nothing', async () => {
    const organization = await platform.organization()
    const link = {
      rootEventId: `evt_${'0'.repeat(32)}`,
      eventId: `evt_${'1'.repeat(32)}`,
      organizationId: organization.org.id,
      path: ['wh_x'],
    }
    const at = (depth: number) =>
      emit(organization, generic('chained', { chainToken: tokens().sign({ ...link, depth }) }))
    expect((await at(CHAIN_DEPTH_MAX - 1)).status).toBe(202)
    const refused = await at(CHAIN_DEPTH_MAX)
    expect([refused.status, refused.code]).toEqual([422, 'chain_depth_exceeded'])
    const forged = createChainTokens('another secret').sign({ ...link, depth: CHAIN_DEPTH_MAX })
    expect((await emit(organization, generic('forged', { chainToken: forged }))).status).toBe(202)
    expect((await readLog(platform, organization)).map(record => record.headers.depth!.toString())).toEqual([
      String(CHAIN_DEPTH_MAX),
      '0',
    ])
  })
})

it('the test environment has its own log, numbers and cap, and touches nothing that is live', async () => {
  const organization = await platform.organization('FREE')
  const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
    name: 't',
    environment: 'test',
    scopes: ['events:emit', 'events:read'],
  })
  const batch = (count: number) => ({
    items: Array.from({ length: count }, (_, n) => generic('trial', { correlationId: `c${n}` })),
  })
  const tried = await platform.call<{
    results: Array<{ status: number; sequence?: number; error?: { code: string } }>
  }>(made.data.apiKey, 'POST', '/api/v1/events/custom/emit/batch', batch(1_000))
  expect(tried.data.results.at(-1)).toMatchObject({ status: 202, sequence: 1_000 })
  const over = await platform.call(made.data.apiKey, 'POST', '/api/v1/events/custom/emit', generic('trial'))
  expect(over.code).toBe('monthly_emit_quota_exceeded')
  expect((await emit(organization, generic('live'))).data.sequence).toBe(1)
  expect(await readLog(platform, organization)).toHaveLength(1)
})

it('an emit that the log does not take is answered so, kept and skipped in the numbering, and the emits beside it go on', async () => {
  const organization = await platform.organization()
  await emit(organization, generic('before'))
  const admin = createClient(connectionsOf(platform).kafka).admin()
  await admin.connect()
  const topic = { type: kafkajs.ConfigResourceTypes.TOPIC, name: events.nameFor(organization.org.id, 'live') }
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...topic, configEntries: [{ name: 'max.message.bytes', value: '4000' }] }],
  })
  const large = {
    name: 'platformxe.generic',
    payload: { kind: 'large', data: { pad: 'x'.repeat(8_000) } },
    idempotencyKey: 'large',
  }
  const [failed, ...others] = await Promise.all([
    emit(organization, large),
    ...Array.from({ length: 5 }, (_, n) => emit(organization, generic(`beside${n}`))),
  ])
  await admin.disconnect()
  // Isolated after two failed transactions; by then the caller may have the answer `pending`.
  expect([failed!.code ?? failed!.data.verdict]).toEqual([expect.stringMatching(/^(bus_relay_failed|pending)$/)])
  const rows = await listed(organization, 7)
  expect(rows.filter(row => row.status === 'FAILED').map(row => row.code)).toEqual(['bus_relay_failed'])
  expect(others.map(answer => answer.status)).toEqual(Array(5).fill(202))
  // It keeps its key: emitting it again is no way around a redrive.
  const repeated = await emit(organization, large)
  const { emitId } = (repeated.body as unknown as { error: { emitId: string } }).error
  expect([repeated.status, repeated.code, emitId]).toEqual([
    502,
    'bus_relay_failed',
    rows.find(row => row.status === 'FAILED')?.emitId,
  ])
  const other = await emit(organization, { ...large, payload: { kind: 'other' } })
  expect([other.status, other.code]).toEqual([409, 'idempotency_key_conflict'])
  expectLedger(await takeLedger(platform, organization, 6), 6)
})
