import { describe, expect, it } from '@jest/globals'
import { buildIngressHeaders, createIngressTags } from '../../../src/events/ingress.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { asRecord, EXAMPLES_SECRET, examplesOf } from '../../topics/example-records.ts'
import { admitAll } from './in-process.ts'

const kafka = asRecord(examplesOf('emits').find(each => each.shows === 'kafka')!, { offset: 4300 })
const ofProducer = (headers: Record<string, string>): LogRecord => ({
  ...kafka,
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
})
function ofApi(fullName: string, version?: string): LogRecord {
  const facts = { controlOffset: -1, actorId: 'key_1', requestId: 'req_1' }
  const target = { topic: kafka.topic, value: kafka.value!, tags: createIngressTags(EXAMPLES_SECRET) }
  return ofProducer(Object.fromEntries(buildIngressHeaders({ fullName, version }, facts, target)))
}

const NAME = /what follows @ goes into the field version/
const VERSION = /without the v: 1\.0\.0/

describe('an event that is not found for the way it is written', () => {
  it.each<[string, LogRecord, string, RegExp]>([
    ['over HTTP', ofApi('lettings.viewing@1.0.0'), '/name', NAME],
    ['over HTTP', ofApi('lettings.viewing', 'v1.0.0'), '/version', VERSION],
    ['over HTTP', ofApi('lettings.viewing', 'V1.0.0'), '/version', VERSION],
    ['over HTTP', ofApi('lettings.viewing', '1.0'), '/version', /MAJOR\.MINOR\.PATCH/],
    ['over Kafka', ofProducer({ name: 'lettings.viewing@1.0.0' }), '/headers/name', NAME],
    ['over Kafka', ofProducer({ ce_type: 'lettings.viewing@1.0.0' }), '/headers/ce_type', NAME],
    ['over Kafka', ofProducer({ name: 'lettings.viewing', version: 'v1.0.0' }), '/headers/version', VERSION],
  ])('is refused with its place and what to write: %s (%#)', (_, record, path, message) => {
    const { verdicts } = admitAll([record])
    expect(verdicts).toMatchObject([
      {
        verdict: 'rejected',
        code: 'event_not_registered',
        message: expect.stringMatching(message),
        findings: [{ path }],
      },
    ])
  })

  it('has no further findings where it is well formed', () => {
    const [verdict] = admitAll([ofApi('lettings.nothing', '1.0.0')]).verdicts
    expect(verdict).toMatchObject({ code: 'event_not_registered' })
    expect(verdict).not.toHaveProperty('findings')
  })

  it('is named in the envelope of CloudEvents, too', () => {
    const envelope = { specversion: '1.0', id: '1', source: '/s', type: 'lettings.viewing@1.0.0', data: {} }
    const record = {
      ...ofProducer({ 'content-type': 'application/cloudevents+json' }),
      value: Buffer.from(JSON.stringify(envelope)),
    }
    expect(admitAll([record]).verdicts).toMatchObject([
      { code: 'event_not_registered', findings: [{ path: '/value/type' }] },
    ])
  })
})

describe('what cannot be read', () => {
  it.each<[string, Partial<LogRecord>, string, RegExp]>([
    ['a tombstone', { value: null }, '/value', /^has no value/],
    ['no byte', { value: Buffer.alloc(0) }, '/value', /^is empty/],
    ['a byte order mark', { value: Buffer.from('\ufeff{}') }, '', /byte order mark/],
    ['UTF-16', { value: Buffer.from('{"a":1}', 'utf16le') }, '', /UTF-16/],
  ])('is said as it is, and stops nobody: %s', (_, changes, path, message) => {
    const { verdicts } = admitAll([
      { ...kafka, ...changes },
      { ...kafka, offset: 4301 },
    ])
    expect(verdicts).toMatchObject([
      { verdict: 'rejected', code: 'payload_invalid', findings: [{ path, message: expect.stringMatching(message) }] },
      { verdict: 'accepted' },
    ])
  })
})
