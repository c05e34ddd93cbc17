import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { buildIngressHeaders, createIngressTags, type EmitRequest, readIngress } from '../../src/events/ingress.ts'
import type { PlatformFacts } from '../../src/events/ingress-emit.ts'
import { isIdempotencyKey } from '../../src/events/ingress-emit.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'

const NOW_MS = Date.parse('2026-07-25T17:20:00Z')
const tags = createIngressTags('a secret of sixteen characters')
const topic = 'emits.org_x'
const value = Buffer.from('{"a":1}')
const platform: PlatformFacts = {
  replyTo: 'api_1',
  ticket: 77,
  controlOffset: 12,
  actorId: 'key_1',
  requestId: 'req_1',
}
const request: EmitRequest = {
  fullName: 'lettings.viewing',
  version: '1.0.0',
  idempotencyKey: 'k 1',
  subject: 'é',
  time: '2026-07-25T19:00:00+02:00',
  correlationId: 'c',
  chainToken: 't',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
}

const record = (headers: Record<string, Buffer | string>, changes: Partial<LogRecord> = {}): LogRecord => ({
  topic,
  partition: 0,
  offset: 5,
  timestampMs: NOW_MS,
  key: null,
  value,
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text as string)])),
  ...changes,
})
const built = Object.fromEntries(buildIngressHeaders(request, platform, { topic, value, tags }))

describe('a record that the api wrote', () => {
  it('reads as the request and its caller', () => {
    expect(readIngress(record(built), tags)).toEqual({
      fullName: 'lettings.viewing',
      version: '1.0.0',
      idempotencyKey: 'k 1',
      subject: 'é',
      timeMs: Date.parse('2026-07-25T17:00:00Z'),
      correlationId: 'c',
      chainToken: 't',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      findings: [],
      platform,
      channel: 'http',
      payload: value,
    })
  })

  it('needs no optional header', () => {
    const facts = { controlOffset: -1, actorId: 'a', requestId: 'r' }
    const headers = Object.fromEntries(buildIngressHeaders({ fullName: 'aa.bb' }, facts, { topic, value, tags }))
    expect(readIngress(record(headers), tags)).toMatchObject({
      fullName: 'aa.bb',
      subject: undefined,
      platform: facts,
      findings: [],
    })
  })
})

describe('platform headers without a valid tag', () => {
  const { 'clarion-tag': tag, ...untagged } = built
  const { 'clarion-reply-to': _, ...withoutReplyTo } = built
  it.each<[string, LogRecord]>([
    ['no tag', record(untagged)],
    ['a made-up tag', record({ ...built, 'clarion-tag': 'x'.repeat(43) })],
    ['a tag that is too long', record({ ...built, 'clarion-tag': `${tag}${tag}` })],
    ['a tag of another topic', record(built, { topic: 'emits.org_y' })],
    ['a tag of another payload', record(built, { value: Buffer.from('{"a":2}') })],
    ['no payload', record(built, { value: null })],
    ['another actor', record({ ...built, 'clarion-actor': 'key_2' })],
    ['a header taken away', record(withoutReplyTo)],
    ['a redrive made up', record({ ...built, 'clarion-redrive-of': 'cee_1' })],
    [
      'text moved from one header to the next',
      record({ ...built, 'clarion-actor': 'key_', 'clarion-request': '1req_1' }),
    ],
    [
      "another installation's tag",
      record({
        ...untagged,
        'clarion-tag': createIngressTags('another secret of 16').sign(topic, Object.entries(untagged), value),
      }),
    ],
  ])('are dropped: %s', (_title, hostile) => {
    expect(readIngress(hostile, tags)).toMatchObject({ platform: null, channel: 'kafka', fullName: 'lettings.viewing' })
  })
})

describe("an organization's own record", () => {
  const findings = (headers: Record<string, Buffer | string>, changes?: Partial<LogRecord>) =>
    readIngress(record(headers, changes), tags).findings.map(f => `${f.rule} ${f.path}`)

  it('may name the event and its subject in each of the documented ways', () => {
    expect(readIngress(record({ 'ce-type': 'aa.bb', 'ce-subject': 's' }), tags)).toMatchObject({
      fullName: 'aa.bb',
      subject: 's',
    })
    expect(
      readIngress(record({ ce_type: 'aa.bb', ce_subject: 's', ce_time: '2026-07-25T17:00:00Z' }), tags),
    ).toMatchObject({
      fullName: 'aa.bb',
      subject: 's',
      timeMs: NOW_MS - 1_200_000,
    })
    expect(readIngress(record({ name: 'aa.bb', 'ce-type': 'cc.dd' }, { key: Buffer.from('k') }), tags)).toMatchObject({
      fullName: 'aa.bb',
      subject: 'k',
    })
    expect(readIngress(record({ name: 'aa.bb', 'ce-subject': 's' }, { key: Buffer.from('k') }), tags).subject).toBe('s')
  })

  it.each<[Record<string, Buffer | string>, Partial<LogRecord>, string[]]>([
    [{}, {}, ['required /headers/name']],
    [{ name: '' }, {}, ['required /headers/name']],
    [{ name: 'a'.repeat(201) }, {}, ['max_length /headers/name']],
    [{ name: Buffer.from([0xff]) }, {}, ['utf8 /headers/name']],
    [{ name: 'aa.bb' }, { key: Buffer.from([0xff, 0x00]) }, ['utf8 /key']],
    [{ name: 'aa.bb' }, { key: Buffer.alloc(300, 'x') }, ['max_length /key']],
    [{ name: 'aa.bb', version: Buffer.alloc(1_000_000, '1') }, {}, ['max_length /headers/version']],
    [
      { name: 'aa.bb', 'correlation-id': 'é'.repeat(255), 'chain-token': 'é'.repeat(2_049) },
      {},
      ['max_length /headers/chain-token'],
    ],
    [{ name: 'aa.bb', 'idempotency-key': '' }, {}, ['printable /headers/idempotency-key']],
    [{ name: 'aa.bb', 'idempotency-key': 'a\nb' }, {}, ['printable /headers/idempotency-key']],
    [{ name: 'aa.bb', 'ce-time': 'yesterday' }, {}, ['format /headers/ce-time']],
    [{ name: 'aa.bb', 'ce-time': `2026-07-25T17:19:00.${'7'.repeat(1_000)}z` }, {}, []],
    [{ name: 'aa.bb', 'ce-time': '2026-07-25T23:59:60Z' }, {}, []],
    [{ name: 'aa.bb', 'ce-time': '' }, {}, ['format /headers/ce-time']],
    [{ name: 'aa.bb', 'ce-subject': '' }, {}, ['min_length /headers/ce-subject']],
    [{ name: 'aa.bb', ce_subject: '' }, { key: Buffer.from('k') }, ['min_length /headers/ce_subject']],
    [{ name: 'aa.bb' }, { key: Buffer.alloc(0) }, []],
    [
      { name: 'aa.bb', version: '', 'correlation-id': '', 'chain-token': '' },
      {},
      ['min_length /headers/version', 'min_length /headers/correlation-id', 'min_length /headers/chain-token'],
    ],
    [{ name: 'aa.bb' }, { value: null }, ['required /value']],
    [{}, { value: null }, ['required /value']],
    [{ name: 'aa.bb' }, { value: Buffer.alloc(0) }, ['required /value']],
    [{ name: 'aa.bb', 'ce-time': '2026-07-24T17:19:59.999Z' }, {}, ['time_range /headers/ce-time']],
    [{ name: 'aa.bb', 'ce-time': '2026-07-26T17:20:00.001Z' }, {}, ['time_range /headers/ce-time']],
    [{ name: 'aa.bb', 'ce-time': '2026-07-24T17:20:00Z' }, {}, []],
  ])('%j with %j has the findings %j', (headers, changes, expected) => {
    expect(findings(headers, changes)).toEqual(expected)
  })

  it('may be written in the modes of CloudEvents, whose attributes and extensions are understood', () => {
    const binary = {
      ce_specversion: '1.0',
      ce_type: 'aa.bb',
      ce_id: '1',
      ce_source: '/s',
      ce_subject: 's',
      ce_idempotencykey: 'k',
      ce_correlationid: 'c',
    }
    expect(readIngress(record({ ...binary, 'content-type': 'application/json' }), tags)).toMatchObject({
      ...{ fullName: 'aa.bb', subject: 's', idempotencyKey: 'k', correlationId: 'c', payload: value, findings: [] },
    })
    const envelope =
      '{"specversion":"1.0","id":"1","source":"/s","type":"aa.bb","time":"2026-07-25T17:00:00Z","version":"1.2.0", "data" : {"n":1.10} ,"chaintoken":"t"}'
    const structured = record(
      { 'content-type': 'application/CloudEvents+json; charset=UTF-8' },
      { value: Buffer.from(envelope) },
    )
    expect(readIngress(structured, tags)).toMatchObject({
      ...{ fullName: 'aa.bb', version: '1.2.0', timeMs: NOW_MS - 1_200_000, chainToken: 't', findings: [] },
      payload: Buffer.from('{"n":1.10}'),
    })
    const encoded = record(
      { 'content-type': 'application/cloudevents+json', name: 'cc.dd' },
      {
        value: Buffer.from('{"specversion":"1.0","id":"1","source":"/s","type":"aa.bb","data_base64":"eyJuIjoxfQ=="}'),
      },
    )
    expect(readIngress(encoded, tags)).toMatchObject({ fullName: 'cc.dd', payload: Buffer.from('{"n":1}') })
  })

  it('may be framed by a serializer of a schema registry: the id names event and version, a header goes before it', () => {
    const framed = (headers: Record<string, string>, id = 7) =>
      readIngress(record(headers, { value: Buffer.concat([Buffer.from([0, 0, 0, 0, id]), value]) }), tags, each =>
        each === 7 ? { fullName: 'aa.bb', version: '1.2.0' } : undefined,
      )
    expect(framed({})).toMatchObject({ fullName: 'aa.bb', version: '1.2.0', payload: value, findings: [] })
    expect(framed({ name: 'aa.bb', version: '1.0.0' })).toMatchObject({ fullName: 'aa.bb', version: '1.0.0' })
    expect(framed({ name: 'cc.dd' })).toMatchObject({ fullName: 'cc.dd', version: undefined })
    expect(framed({}, 8)).toMatchObject({ fullName: 'schema-id:8', version: undefined, findings: [] })
  })

  it('may carry the schema id in a header, which goes before a frame and leaves the value as it is', () => {
    const guid = '01234567-89ab-8def-8123-456789abcdef'
    const known = (id: number | string) =>
      id === guid || id === 7 ? { fullName: 'aa.bb', version: '1.2.0' } : undefined
    const read = (id: Buffer, more: Record<string, string> = {}, bytes = value) => {
      const made = record(more, { value: bytes })
      made.headers.__value_schema_id = id
      return readIngress(made, tags, known)
    }
    const ofGuid = Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')])
    const accepted = { fullName: 'aa.bb', version: '1.2.0', payload: value, findings: [] }
    expect(read(ofGuid)).toMatchObject(accepted)
    expect(read(Buffer.from([0, 0, 0, 0, 7]))).toMatchObject(accepted)
    expect(read(ofGuid, {}, Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), value]))).toMatchObject(accepted)
    expect(read(ofGuid, { name: 'cc.dd' })).toMatchObject({ fullName: 'cc.dd', version: undefined })
    const foreign = Buffer.from(ofGuid).fill(9, 1)
    expect(read(foreign).fullName).toBe('schema-id:09090909-0909-0909-0909-090909090909')
    for (const wrong of [
      Buffer.alloc(0),
      Buffer.from([1]),
      ofGuid.subarray(0, 16),
      Buffer.alloc(17, 2),
      Buffer.alloc(5, 1),
    ])
      expect(read(wrong).findings).toMatchObject([{ path: '/headers/__value_schema_id', rule: 'schema_id' }])
  })

  it('is a tombstone without a value, which is said as it is', () => {
    expect(readIngress(record({ name: 'aa.bb' }, { value: null }), tags).findings[0]?.message).toMatch(
      /^has no value .*send the payload/,
    )
  })

  it('never makes the reader throw', () => {
    const names = [
      'name',
      'version',
      'ce-time',
      'ce-subject',
      'idempotency-key',
      'clarion-tag',
      'clarion-reply-to',
      'content-type',
      '__proto__',
      'constructor',
    ]
    const bytes = fc.uint8Array({ maxLength: 1100 }).map(array => Buffer.from(array))
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), bytes),
        fc.option(bytes),
        fc.option(bytes),
        (headers, key, value) => {
          const cloudEvents = { ...headers, 'content-type': Buffer.from('application/cloudevents+json') }
          expect(readIngress(record(headers, { key, value }), tags).platform).toBeNull()
          expect(readIngress(record(cloudEvents, { key, value }), tags).platform).toBeNull()
        },
      ),
    )
  })
})

describe('idempotency keys', () => {
  it.each(['k', 'é'.repeat(255), '👩‍👩‍👧 ok', 'a b'])('%s is one', key => expect(isIdempotencyKey(key)).toBe(true))
  it.each(['', 'a\u0000', 'a\u007f', 'a\u2028', '\ud800', '👍'.repeat(256)])('%j is none', key =>
    expect(isIdempotencyKey(key)).toBe(false),
  )
})
