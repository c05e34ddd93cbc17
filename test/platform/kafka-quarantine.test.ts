/** Rejected records of direct Kafka access: none is lost, none stops a neighbour, and each can be repaired. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import confluent from '@kafkajs/confluent-schema-registry'
import { crc32c } from '@node-rs/crc32'
import { encodeBatch } from '../../src/kafka/protocol/encode-batch.ts'
import { CODES, type Code, type Finding } from '../../src/model/codes.ts'
import { hostileRecords } from '../support/hostile-records.ts'
import { type Credential, credentialOf, eventually, kafkajsOf } from '../support/kafka-clients.ts'
import { expectLedger, takeLedger } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { produceBatches } from '../support/raw-batches.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await startPlatform()
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

const QUARANTINE = '/api/v1/events/custom/quarantine'
const GENERIC = { name: 'platformxe.generic' }

interface Entry {
  id: string
  code: Code
  findings: Finding[]
  name: string
  partition: number
  offset: number
}
interface Kept extends Entry {
  payload: string | null
  payloadEncoding: string | null
  headers: Record<string, string>
  base64Headers: string[]
  key: string | null
}

type Messages = Parameters<ReturnType<ReturnType<typeof kafkajsOf>['producer']>['send']>[0]['messages']

async function produce(credential: Credential, messages: Messages): Promise<void> {
  const producer = kafkajsOf(credential).producer()
  await producer.connect()
  await producer.send({ topic: credential.topics.emits, messages })
  await producer.disconnect()
}

const listed = async (of: TestOrganization, query = '') =>
  (await of.call<Entry[]>('GET', `${QUARANTINE}?limit=100${query}`)).data

/** Every page. */
async function everyPage(of: TestOrganization): Promise<Entry[]> {
  const all: Entry[] = []
  for (let cursor = ''; ; ) {
    const { data, body } = await of.call<Entry[]>('GET', `${QUARANTINE}?limit=100${cursor}`)
    all.push(...data)
    const { nextCursor } = (body as { meta: { nextCursor: string | null } }).meta
    if (nextCursor === null) return all
    cursor = `&cursor=${nextCursor}`
  }
}

describe('the quarantine', () => {
  let organization: TestOrganization
  let credential: Credential
  let entries: Entry[]
  beforeAll(async () => {
    organization = await platform.organization()
    credential = await credentialOf(organization, 'produce')
    await produce(credential, [
      { value: '{"kind":', headers: GENERIC },
      { value: Buffer.from([0xff, 0x01]), headers: { ...GENERIC, bin: Buffer.from([0xfe]) }, key: 'k' },
      { value: '{}', headers: { name: 'aa.bb' } },
      { value: '{"kind":1}', headers: { ...GENERIC, 'ce-subject': 's', 'correlation-id': 'c' } },
      { value: '{"kind":"fine"}', headers: GENERIC },
      { value: null, headers: GENERIC },
    ])
    entries = await eventually(() => listed(organization), found => found.length >= 5) // biome-ignore format: one thought
  })

  it('lists every refused record with its code and place, newest first, by code and time', async () => {
    expect(entries.map(({ code, offset, name }) => [offset, code, name])).toEqual([
      [5, 'payload_invalid', 'platformxe.generic'],
      [3, 'payload_invalid', 'platformxe.generic'],
      [2, 'event_not_registered', 'aa.bb'],
      [1, 'payload_invalid', 'platformxe.generic'],
      [0, 'payload_invalid', 'platformxe.generic'],
    ])
    expect(await listed(organization, '&code=event_not_registered')).toHaveLength(1)
    expect(await listed(organization, '&to=2020-01-01T00:00:00Z')).toEqual([])
    expect(await listed(organization, '&from=2020-01-01T00:00:00Z')).toHaveLength(5)
    const first = await organization.call<Entry[]>('GET', `${QUARANTINE}?limit=3`)
    const { nextCursor } = (first.body as { meta: { nextCursor: string } }).meta
    expect(
      (await organization.call<Entry[]>('GET', `${QUARANTINE}?limit=3&cursor=${nextCursor}`)).data.map(
        ({ offset }) => offset,
      ),
    ).toEqual([1, 0])
  })

  it('gives a key without events:payload none of what the record holds', async () => {
    const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 'blind', environment: 'live', scopes: ['events:read'] },
    })
    const { id } = entries.find(({ offset }) => offset === 1)!
    const { data } = await platform.call(made.data.apiKey, 'GET', `${QUARANTINE}/${id}`)
    expect(data).toMatchObject({ id, code: 'payload_invalid', payloadBytes: 2, withheld: true })
    for (const field of ['payload', 'key', 'headers', 'base64Headers']) expect(data).not.toHaveProperty(field)
  })

  it('gives each back as it came, bytes that are no text as base64', async () => {
    const kept = async (offset: number) =>
      (await organization.call<Kept>('GET', `${QUARANTINE}/${entries.find(each => each.offset === offset)!.id}`)).data
    expect(await kept(0)).toMatchObject({
      payload: '{"kind":',
      payloadEncoding: 'utf8',
      headers: GENERIC,
      partition: 0,
      findings: [{ rule: 'not_json' }],
    })
    expect(await kept(1)).toMatchObject({
      payload: '/wE=',
      payloadEncoding: 'base64',
      key: 'k',
      headers: { bin: '/g==' },
      base64Headers: ['bin'],
    })
    expect(await kept(5)).toMatchObject({
      payload: null,
      payloadEncoding: null,
      findings: [{ path: '/value', rule: 'required' }],
    })
  })

  it('shows nothing to others, and nothing that was never refused', async () => {
    const stranger = await platform.organization()
    expect(await listed(stranger)).toEqual([])
    for (const id of [entries[0]!.id, 'cee_nothing'])
      expect((await stranger.call('GET', `${QUARANTINE}/${id}`)).code).toBe('not_found')
    expect((await stranger.call('POST', `${QUARANTINE}/${entries[0]!.id}/redrive`, {})).code).toBe('not_found')
    const accepted = await organization.call<{ emitId: string }>('POST', '/api/v1/events/custom/emit', {
      ...GENERIC,
      payload: { kind: 'http' },
    })
    expect((await organization.call('GET', `${QUARANTINE}/${accepted.data.emitId}`)).code).toBe('not_found')
  })

  it('lets a record be emitted again once, repaired, linked to the original, and answers as an emit does', async () => {
    const { id } = entries.find(each => each.offset === 3)!
    const redrive = (body?: unknown) =>
      organization.call<{ emitId: string; eventId: string; deduplicated: boolean }>(
        'POST',
        `${QUARANTINE}/${id}/redrive`,
        body,
      )
    const asItIs = await redrive()
    expect([asItIs.status, asItIs.code]).toEqual([400, 'payload_invalid'])
    const repaired = await redrive('{"payload": {"kind":"repaired","data":{"big":12345678901234567890.10}}}')
    expect([repaired.status, repaired.data.deduplicated]).toEqual([202, false])
    expect(await redrive('{"payload": {"kind":"repaired","data":{"big":12345678901234567890.10}}}')).toMatchObject({
      data: { emitId: repaired.data.emitId, deduplicated: true },
    })
    expect((await redrive({ payload: { kind: 'another' } })).code).toBe('idempotency_key_conflict')
    expect((await redrive({ payloads: {} })).code).toBe('validation_failed')
    const history = () => organization.call<{ emit: object }>('GET', `/api/v1/events/${repaired.data.eventId}`)
    const { data, body } = await eventually(history, ({ status }) => status === 200) // biome-ignore format: one thought
    expect(data.emit).toMatchObject({ causationId: id, subject: 's', correlationId: 'c', channel: 'http' })
    expect(JSON.stringify(body)).toContain('repaired')
    expect(await listed(organization)).toHaveLength(5)
  })
})

describe('verdicts', () => {
  it('are those of HTTP, code by code', async () => {
    const organization = await platform.organization()
    const credential = await credentialOf(organization, 'produce')
    const register = (name: string, status: string) =>
      organization.call('POST', '/api/v1/events/custom', {
        namespace: organization.slug,
        name,
        version: '1.0.0',
        status,
        payloadSchema: { type: 'object', required: ['a'] },
      })
    await register('order.made', 'published')
    await register('order.drafted', 'draft')
    const [made, drafted] = ['order.made', 'order.drafted'].map(name => `${organization.slug}.${name}`) as [
      string,
      string,
    ]
    const cases: Array<[string, string, string?]> = [
      [made, '{"a":1}'],
      [made, '{"b":1}'],
      [made, '{"a":1}', '1.0.1'],
      [made, '[]'],
      [made, `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
      [made, `{"a":"${'x'.repeat(262_144)}"}`],
      [drafted, '{"a":1}'],
      ['order.created', '{}'],
      ['No.Name', '{}'],
      ['none', '{}'],
    ]
    const overHttp: Array<string | undefined> = []
    for (const [name, payload, version] of cases) {
      const rest = version === undefined ? '' : `,"version":"${version}"`
      overHttp.push(
        (
          await organization.call(
            'POST',
            '/api/v1/events/custom/emit',
            `{"name":"${name}","payload":${payload}${rest}}`,
          )
        ).code,
      )
    }
    await produce(credential, cases.map(([name, value, version]) => ({ value, headers: { name, ...(version ? { version } : {}) } }))) // biome-ignore format: one thought
    const refused = overHttp.filter(code => code !== undefined).length
    const entries = await eventually(() => listed(organization), found => found.length >= refused) // biome-ignore format: one thought
    const first = Math.min(...entries.map(({ offset }) => offset)) - overHttp.findIndex(code => code !== undefined)
    expect(cases.map((_, at) => entries.find(({ offset }) => offset === first + at)?.code)).toEqual(overHttp)
  })
})

describe('a schema serializer of others', () => {
  it('works against the façade unchanged, and its framed values are accepted with their version', async () => {
    const organization = await platform.organization()
    const credential = await credentialOf(organization, 'produce')
    const subject = `${organization.slug}.order.made`
    const schemaOf = (more: object) => ({
      type: 'object',
      properties: { id: { type: 'string' }, ...more },
      required: ['id'],
      additionalProperties: false,
    })
    for (const [version, more] of [['1.0.0', {}], ['1.1.0', { note: { type: 'string' } }]] as const) // biome-ignore format: one thought
      await organization.call('POST', '/api/v1/events/custom', {
        namespace: organization.slug,
        name: 'order.made',
        version,
        status: 'published',
        payloadSchema: schemaOf(more),
      })
    const registry = new confluent.SchemaRegistry({
      host: `${platform.base}/api/v1/schema-registry`,
      auth: { username: 'any', password: organization.apiKey },
    })
    const latest = await registry.getLatestSchemaId(subject)
    const oldest = await registry.getRegistryId(subject, 1)
    await expect(registry.encode(latest, { note: 'no id' })).rejects.toThrow()
    expect(await registry.decode(await registry.encode(latest, { id: 'a' }))).toEqual({ id: 'a' })
    await produce(credential, [
      { value: await registry.encode(latest, { id: 'a', note: 'n' }) },
      { value: await registry.encode(oldest, { id: 'b' }) },
    ])
    const emits = () =>
      organization.call<Array<{ schemaVersion: string; status: string }>>('GET', '/api/v1/events/custom/emits')
    const { data } = await eventually(emits, found => found.data.length >= 2) // biome-ignore format: one thought
    expect(data.map(({ schemaVersion, status }) => [schemaVersion, status])).toEqual([
      ['1.0.0', 'DELIVERED'],
      ['1.1.0', 'DELIVERED'],
    ])
  })

  it('has the findings of the registry', async () => {
    const organization = await platform.organization()
    const ask = async (method: string, path: string, body?: object, key = organization.apiKey) => {
      const answer = await fetch(`${platform.base}/api/v1/schema-registry${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`x:${key}`).toString('base64')}`,
          'content-type': 'application/vnd.schemaregistry.v1+json',
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      return [answer.status, ((await answer.json()) as { error_code?: number }).error_code]
    }
    const json = (schema: string) => ({ schema, schemaType: 'JSON' })
    expect(await ask('GET', '/subjects')).toEqual([200, undefined])
    expect(await ask('GET', '/subjects', undefined, 'wrong')).toEqual([401, 40101])
    expect(await ask('GET', '/subjects/no.such/versions')).toEqual([404, 40401])
    expect(await ask('GET', '/subjects/platformxe.generic/versions/7')).toEqual([404, 40402])
    expect(await ask('GET', '/subjects/platformxe.generic/versions/newest')).toEqual([422, 42202])
    expect(await ask('GET', '/schemas/ids/1')).toEqual([404, 40403])
    expect(await ask('POST', '/subjects/platformxe.generic', json('{"type":"object"}'))).toEqual([404, 40403])
    expect(await ask('POST', '/subjects/platformxe.generic/versions', json('{"type":"object"}'))).toEqual([422, 42205])
    expect(await ask('POST', '/compatibility/subjects/platformxe.generic/versions/latest', json('{"type":'))).toEqual([
      422, 42201,
    ])
    expect(
      await ask('POST', '/compatibility/subjects/platformxe.generic/versions/latest', { schema: '"string"' }),
    ).toEqual([422, 42201])
    const inexact = json('{"type":"object","properties":{"n":{"const":9007199254740993}}}')
    expect(await ask('POST', '/compatibility/subjects/platformxe.generic/versions/latest', inexact)).toEqual([
      422, 42201,
    ])
    expect(await ask('POST', '/subjects/platformxe.generic', inexact)).toEqual([404, 40403])
  })
})

describe('a batch that only the broker can unpack', () => {
  it('is refused record by record, and later records are judged', async () => {
    const organization = await platform.organization()
    const credential = await credentialOf(organization, 'produce')
    const sent = await produceBatches(credential, [
      packed(credential, 4, body =>
        Buffer.concat([zstdCompressSync(body.subarray(0, 20)), zstdCompressSync(body.subarray(20))]),
      ),
      packed(credential, 1, body => Buffer.concat([gzipSync(body), Buffer.from('garbage')])),
      packed(credential, 4, zstdCompressSync),
    ])
    expect(sent).toEqual([0, 0, 0])
    const entries = await eventually(() => listed(organization), found => found.length >= 5) // biome-ignore format: one thought
    expect(entries.slice(-3).map(({ offset, code, findings }) => [offset, code, findings[0]?.rule])).toEqual(
      [2, 1, 0].map(offset => [offset, 'payload_invalid', 'undecodable']),
    )
    expect(await eventually(() => usage(organization), used => used >= 3)).toBeGreaterThanOrEqual(3) // biome-ignore format: one thought
  })
})

/** Three generic events, packed by hand. */
function packed({ topics }: Credential, codec: number, pack: (body: Buffer) => Buffer): Buffer {
  const records = ['a', 'b', 'c'].map(kind => {
    return {
      topic: topics.emits,
      partition: 0,
      key: null,
      value: JSON.stringify({ kind }),
      headers: [['name', GENERIC.name]] as const,
    }
  })
  const plain = encodeBatch(records, {
    producerId: -1n,
    producerEpoch: -1,
    baseSequence: -1,
    transactional: false,
    timestampMs: Date.now(),
  })
  const batch = Buffer.concat([plain.subarray(0, 61), pack(plain.subarray(61))])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE(codec, 21)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

describe('records of every broken kind', () => {
  it('end accepted or quarantined with a code, each of them once, and neither their partition nor a neighbour stops', async () => {
    const [organization, neighbour] = [await platform.organization(), await platform.organization()]
    const credential = await credentialOf(organization, 'produce')
    const count = 5_000
    const records = hostileRecords(count, 20261121)
    const producer = kafkajsOf(credential).producer()
    await producer.connect()
    for (let at = 0; at < count; at += 250)
      await producer.send({ topic: credential.topics.emits, messages: records.slice(at, at + 250) })
    await producer.send({ topic: credential.topics.emits, messages: [{ value: '{"kind":"last"}', headers: GENERIC }] })
    await producer.disconnect()
    const between = await neighbour.call<{ sequence: number }>('POST', '/api/v1/events/custom/emit', {
      ...GENERIC,
      payload: { kind: 'neighbour' },
    })
    expect(between.data.sequence).toBe(1)

    const refusedByNow = async () => (await everyPage(organization)).length
    const accepted = records.filter(record => record.accepted === true).length
    const entries = await eventually(
      async () => ({ refused: await refusedByNow(), used: (await usage(organization)) - 1 }),
      ({ refused, used }) => refused + used >= count,
      60_000,
    )
    expect(entries.refused + entries.used).toBe(count)
    expect(entries.used).toBeGreaterThanOrEqual(accepted)
    const kept = await everyPage(organization)
    expect(new Set(kept.map(({ offset }) => offset)).size).toBe(kept.length)
    expect(kept.filter(({ code }) => !(code in CODES))).toEqual([])
    const byOffset = new Set(kept.map(({ offset }) => offset))
    records.forEach((record, offset) => {
      if (record.accepted !== undefined && byOffset.has(offset) === record.accepted)
        throw new Error(
          `record ${offset} was ${record.accepted ? 'refused' : 'accepted'}: ${JSON.stringify(record.headers)} ${record.value?.toString().slice(0, 100)}`,
        )
    })
    expectLedger(await takeLedger(platform, organization, entries.used + 1), entries.used + 1)
  }, 90_000)
})

const usage = async ({ call }: TestOrganization) =>
  (await call<{ meters: { emits: number } }>('GET', '/api/v1/usage/summary')).data.meters.emits
