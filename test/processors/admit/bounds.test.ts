/**
 * The output of `admit` fits the broker's limits, whatever an organization sends: a record that the broker refuses
 * would be retried for ever.
 */
import { hash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { buildIngressHeaders, createIngressTags } from '../../../src/events/ingress.ts'
import type { LogRecord, OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { planOf } from '../../../src/model/plans.ts'
import { admissionKeys, admissionKeysCodec } from '../../../topics/admission-keys.ts'
import { auditEmits, auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { outcomes, outcomesCodec } from '../../../topics/outcomes.ts'
import { quarantine } from '../../../topics/quarantine.ts'
import { DEFAULT_MAX_MESSAGE_BYTES } from '../../../topics/topic.ts'
import { asExample, asRecord, EXAMPLES_SECRET, type Example, examplesOf } from '../../topics/example-records.ts'
import { admitAll, createExamplesView } from './in-process.ts'

const MB = 1024 * 1024
const example = (shows: string): Example => examplesOf('emits').find(each => each.shows === shows)!
const of = (written: OutRecord[], topic: string) => written.filter(record => record.topic === topic)
const sizeOf = (record: OutRecord) =>
  (record.value?.length ?? 0) +
  (record.headers ?? []).reduce((sum, [name, value]) => sum + name.length + value.length, 0)

describe('a rejected record larger than the broker’s limit', () => {
  const huge = Buffer.alloc(20 * MB, 'x')
  const kafka = asRecord(example('kafka'), { offset: 4300 })

  it('is quarantined without its value, and the record says so', () => {
    const { verdicts, written } = admitAll([{ ...kafka, value: huge }])
    expect(verdicts).toMatchObject([{ verdict: 'rejected', code: 'payload_too_large' }])
    expect(of(written, quarantine.name).map(asExample)).toMatchObject([
      {
        value: null,
        headers: { name: 'lettings.viewing', 'clarion-code': 'payload_too_large', 'clarion-left-out': 'value' },
      },
    ])
  })

  it('is quarantined without its headers, if they are it', () => {
    const headers = { ...kafka.headers, name: Buffer.from('lettings.nothing'), 'x-own': huge }
    const [copy] = of(admitAll([{ ...kafka, headers }]).written, quarantine.name)
    expect(asExample(copy!)).toMatchObject({
      value: kafka.value!.toString(),
      headers: { 'clarion-left-out': 'headers' },
    })
    const [less] = of(admitAll([{ ...kafka, headers, value: huge }]).written, quarantine.name)
    expect(asExample(less!)).toMatchObject({ value: null, headers: { 'clarion-left-out': 'headers, value' } })
    expect(sizeOf(copy!) + sizeOf(less!)).toBeLessThan(2000)
  })

  it('is kept whole up to 1 MB', () => {
    const [copy] = of(admitAll([{ ...kafka, value: Buffer.alloc(MB, 'x') }]).written, quarantine.name)
    expect(copy?.value?.length).toBe(MB)
    expect(Object.keys(asExample(copy!).headers)).not.toContain('clarion-left-out')
  })

  it('does not enlarge the log’s record: it holds only known fields of the event', () => {
    const { written } = admitAll([{ ...kafka, headers: { ...kafka.headers, 'x-own': huge } }])
    expect(written.map(record => sizeOf(record) < MB)).not.toContain(false)
  })
})

it('keys beyond the plan’s number do not come back with a restart', () => {
  const again = asRecord(example('kafka-idempotency-key-again'), { offset: 4300 })
  const [held] = admissionKeysCodec.decode(asRecord(examplesOf(admissionKeys.name)[0]!).value!).keys
  const younger = (count: number): LogRecord => {
    const keys = Array.from({ length: count }, (_, at) => ({
      ...held!,
      keyHash: hash('md5', `${at}`, 'buffer'),
      recordedAtMs: held!.recordedAtMs + 1,
    }))
    return { ...asRecord(examplesOf(admissionKeys.name)[0]!), value: admissionKeysCodec.encode({ keys }) }
  }
  const plan = createExamplesView()
  const free: ControlView = {
    ...plan,
    organizations: () => [...plan.organizations()].map(each => ({ ...each, plan: 'FREE' as const })),
  }
  const verdictAfter = (count: number) =>
    admitAll([again], { state: [younger(count)], view: free }).verdicts[0]?.verdict
  const others = admissionKeysCodec.decode(asRecord(examplesOf(admissionKeys.name)[1]!).value!).keys.length
  expect(verdictAfter(planOf('FREE').idempotencyKeys - 1 - others)).toBe('duplicate')
  expect(verdictAfter(planOf('FREE').idempotencyKeys - others)).toBe('accepted')
})

describe('many verdicts with long findings', () => {
  /** Twenty findings with the longest possible paths. */
  const value = Buffer.from(
    JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}${'é'.repeat(500)}`, 1]))),
  )
  const tags = createIngressTags(EXAMPLES_SECRET)
  const { topic } = example('http')
  const records = Array.from({ length: 400 }, (_, ticket): LogRecord => {
    const platform = { controlOffset: 0, actorId: 'key_1', requestId: 'req_1', replyTo: 'api_1', ticket }
    const headers = buildIngressHeaders({ fullName: 'lettings.viewing' }, platform, { topic, value, tags })
    return {
      ...{ topic, partition: 0, offset: 4300 + ticket, timestampMs: 1_785_000_000_000, key: null, value },
      headers: Object.fromEntries(headers.map(([name, text]) => [name, Buffer.from(text)])),
    }
  })

  it('are cut into records that the broker takes, none is lost, and their order is kept', () => {
    const { written } = admitAll(records)
    const rows = of(written, auditEmits.name)
    const answers = of(written, outcomes.name)
    expect([...rows, ...answers].reduce((sum, record) => sum + sizeOf(record), 0)).toBeGreaterThan(
      DEFAULT_MAX_MESSAGE_BYTES,
    )
    for (const record of written) expect(sizeOf(record)).toBeLessThan(MB)
    expect(rows.flatMap(({ value }) => auditEmitsCodec.decode(value as Buffer).verdicts)).toHaveLength(records.length)
    const tickets = answers.flatMap(({ value }) =>
      outcomesCodec.decode(value as Buffer).outcomes.map(each => each.ticket),
    )
    expect(tickets).toEqual(records.map((_, ticket) => ticket))
  })
})

describe('an emit that cannot be judged', () => {
  const emit = asRecord(example('http'), { offset: 4300 })
  const validate = () => {
    throw new Error('a fault in a validator')
  }

  it('stops the shard at first, since the fault is ours', () => {
    expect(() => admitAll([emit], { validate })).toThrow('a fault in a validator')
  })

  it('fails once it is isolated, so that it blocks no other for ever', () => {
    const { verdicts, written } = admitAll([emit], { validate, isolated: true })
    expect(verdicts).toMatchObject([{ verdict: 'failed', code: 'bus_relay_failed' }])
    expect(auditEmitsCodec.decode(of(written, auditEmits.name)[0]!.value as Buffer).verdicts).toMatchObject([
      { verdict: 'failed', payload: emit.value },
    ])
  })
})
