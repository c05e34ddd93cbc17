import { describe, expect, it } from '@jest/globals'
import { createIngressTags, readIngress } from '../../src/events/ingress.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'

const NOW_MS = Date.parse('2026-07-25T17:20:00Z')
const tags = createIngressTags('a secret of sixteen characters')

function record(headers: Record<string, string>, value: string): LogRecord {
  const byName = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]))
  return {
    topic: 'emits.org_x',
    partition: 0,
    offset: 5,
    timestampMs: NOW_MS,
    key: null,
    value: Buffer.from(value),
    headers: byName,
  }
}
const read = (headers: Record<string, string>, value: string) => readIngress(record(headers, value), tags)
const found = (headers: Record<string, string>, value: string) =>
  read(headers, value).findings.map(each => `${each.rule} ${each.path}`)

const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
const attributes = { specversion: '1.0', id: '1', source: '/s', type: 'aa.bb' }
const envelope = (more: object) => JSON.stringify({ ...attributes, ...more })

describe('an envelope of CloudEvents', () => {
  it('is taken with its required attributes', () => {
    expect(read(STRUCTURED, envelope({ data: { n: 1 } }))).toMatchObject({
      fullName: 'aa.bb',
      findings: [],
      payload: Buffer.from('{"n":1}'),
    })
  })

  it('may have attributes that are null: they count as absent', () => {
    const absent = { subject: null, time: null, datacontenttype: null, dataschema: null, data_base64: null }
    const extensions = { version: null, idempotencykey: null, correlationid: null, chaintoken: null, traceparent: null }
    const emit = read(STRUCTURED, envelope({ ...absent, ...extensions, data: {} }))
    expect(emit).toMatchObject({
      findings: [],
      subject: undefined,
      timeMs: undefined,
      version: undefined,
      idempotencyKey: undefined,
    })
    expect(emit).toMatchObject({
      correlationId: undefined,
      chainToken: undefined,
      traceparent: null,
      payload: Buffer.from('{}'),
    })
    expect(read(STRUCTURED, envelope({ data: null, data_base64: 'e30=' }))).toMatchObject({
      findings: [],
      payload: Buffer.from('{}'),
    })
  })

  it.each<[object, string[]]>([
    [{ specversion: undefined, data: {} }, ['required /value/specversion']],
    [{ specversion: null, data: {} }, ['required /value/specversion']],
    [{ specversion: '0.3', data: {} }, ['specversion /value/specversion']],
    [{ specversion: '1.0.2', data: {} }, ['specversion /value/specversion']],
    [{ specversion: 1, data: {} }, ['type /value/specversion']],
    [{ id: undefined, data: {} }, ['required /value/id']],
    [{ id: '', data: {} }, ['min_length /value/id']],
    [{ id: 7, data: {} }, ['type /value/id']],
    [{ source: undefined, data: {} }, ['required /value/source']],
    [{ source: null, id: null, data: {} }, ['required /value/id', 'required /value/source']],
    [{ type: undefined, data: {} }, ['required /value/type']],
    [{ type: null, data: {} }, ['required /value/type']],
    [{ type: '', data: {} }, ['required /value/type']],
    [{ type: 1, data: {} }, ['type /value/type']],
    [{ subject: '', data: {} }, ['min_length /value/subject']],
    [{ subject: {}, data: {} }, ['type /value/subject']],
    [{ subject: 'a\ud83d', data: {} }, ['characters /value/subject']],
    [{ correlationid: '\ude00', data: {} }, ['characters /value/correlationid']],
    [{ time: 'noon', data: {} }, ['format /value/time']],
    [{ datacontenttype: 'text/xml', data: '<a/>' }, ['content_type /value/datacontenttype']],
    [{ datacontenttype: 'application/jsonp', data: {} }, ['content_type /value/datacontenttype']],
    [{ datacontenttype: 5, data: {} }, ['content_type /value/datacontenttype']],
    [{ datacontenttype: 'application/vnd.shop+json; charset=utf-8', data: {} }, []],
    [{ datacontenttype: 'Text/JSON', data: {} }, []],
    [{}, ['required /value/data']],
    [{ data: null }, ['required /value/data']],
    [{ data: {}, data_base64: 'e30=' }, ['exclusive /value/data_base64']],
    [{ data_base64: 'e30=' }, []],
    [{ data_base64: '' }, ['base64 /value/data_base64']],
    [{ data_base64: {} }, ['type /value/data_base64']],
    [{ data_base64: 'e30' }, ['base64 /value/data_base64']],
    [{ data_base64: 'e30=\n' }, ['base64 /value/data_base64']],
    [{ data_base64: 'e3 0=' }, ['base64 /value/data_base64']],
    [{ data_base64: 'e31=' }, ['base64 /value/data_base64']],
    [{ data_base64: '!!!!' }, ['base64 /value/data_base64']],
    [{ data_base64: 'eyJhIjoi_z0ifQ==' }, ['base64 /value/data_base64']],
  ])('with %j has the findings %j', (more, expected) => {
    expect(found(STRUCTURED, envelope(more))).toEqual(expected)
  })

  it('whose payload is not known has none, so that no guess is emitted when it is redriven', () => {
    for (const more of [{ data_base64: 'eyJhIjoxfQ==junk' }, { data: { a: 1 }, data_base64: 'eyJhIjoyfQ==' }])
      expect(read(STRUCTURED, envelope(more)).payload).toHaveLength(0)
    expect(read(STRUCTURED, `{"id":"1",${envelope({ data: {} }).slice(1)}`).payload).toHaveLength(0)
  })

  it.each([
    [envelope({ id: '2' }).replace('}', ',"type":"cc.dd","data":{}}'), ['duplicate_key /value/type']],
    ['[]', ['type /value']],
    ['{', ['not_json /value']],
    [`\ufeff${envelope({ data: {} })}`, ['not_json /value']],
  ])('is JSON, once for each attribute: %s has the findings %j', (text, expected) => {
    expect(found(STRUCTURED, text)).toEqual(expected)
  })

  it('is one event in one record', () => {
    expect(found({ 'content-type': 'application/cloudevents-batch+json' }, '[]')).toEqual([
      'content_type /headers/content-type',
    ])
  })

  it('names the attribute in each sentence', () => {
    for (const [more, attribute] of [
      [{ id: undefined }, 'id'],
      [{ source: null }, 'source'],
      [{ specversion: '0.3' }, 'specversion'],
      [{ datacontenttype: 'a/b' }, 'datacontenttype'],
    ] as const)
      expect(read(STRUCTURED, envelope({ data: {}, ...more })).findings[0]?.message).toContain(attribute)
  })
})

describe('CloudEvents in headers', () => {
  const binary = { ce_specversion: '1.0', ce_id: '1', ce_source: '/s', ce_type: 'aa.bb' }
  const { ce_id: _, ...withoutId } = binary
  const { ce_source: __, ...withoutSource } = binary
  it.each<[Record<string, string>, string[]]>([
    [binary, []],
    [{ ...binary, 'content-type': 'application/json; charset=utf-8' }, []],
    [withoutId, ['required /headers/ce_id']],
    [withoutSource, ['required /headers/ce_source']],
    [{ ...binary, ce_id: '' }, ['min_length /headers/ce_id']],
    [{ ...binary, ce_specversion: '0.3' }, ['specversion /headers/ce_specversion']],
    [{ ...binary, ce_specversion: '' }, ['min_length /headers/ce_specversion']],
    [{ ...binary, ce_subject: '' }, ['min_length /headers/ce_subject']],
    [{ ...binary, 'content-type': 'text/xml' }, ['content_type /headers/content-type']],
    [{ 'ce-specversion': '1.0', 'ce-type': 'aa.bb', 'ce-id': '1' }, ['required /headers/ce_source']],
    [
      { 'ce-specversion': '0.3', 'ce-type': 'aa.bb', 'ce-id': '1', 'ce-source': '/s' },
      ['specversion /headers/ce-specversion'],
    ],
  ])('that name their version have what CloudEvents must have: %j has the findings %j', (headers, expected) => {
    expect(found(headers, '{}')).toEqual(expected)
  })

  it.each([{ 'ce-type': 'aa.bb' }, { ce_type: 'aa.bb' }, { name: 'aa.bb', 'content-type': 'text/plain' }])(
    'that do not are the contract of Clarion alone, which asks for the name: %j',
    headers => expect(found(headers, '{}')).toEqual([]),
  )
})
