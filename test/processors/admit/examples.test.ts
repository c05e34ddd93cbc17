/**
 * Every example of `emits` through `admit`, on a shard restored from the examples of its state. The snapshot holds its
 * output: a change of a schema, a step or an output appears here everywhere at once.
 */
import { describe, expect, it } from '@jest/globals'
import type { Verdict } from '../../../processors/admit/emit.ts'
import { readSubscribers, subscriberKey } from '../../../src/events/subscribers.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { admissionCounters } from '../../../topics/admission-counters.ts'
import { auditEmits, auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { deliveries, deliveryRecordCodec } from '../../../topics/deliveries.ts'
import { emits } from '../../../topics/emits.ts'
import { QUARANTINE_HEADERS, quarantine } from '../../../topics/quarantine.ts'
import { asExample, asRecord, type Example, examplesOf, folderOf } from '../../topics/example-records.ts'
import { admitAll } from './in-process.ts'

/** Beyond the positions of the examples' state. */
const OFFSET = 4300

function admitted(example: Example, isolated = false): { verdict: Verdict; written: OutRecord[] } {
  const { verdicts, written } = admitAll([asRecord(example, { offset: OFFSET })], { isolated })
  expect(verdicts).toHaveLength(1)
  return { verdict: verdicts[0]!, written }
}

const examples = examplesOf(folderOf(emits.pattern)).map((example): [string, Example] => [example.shows, example])
const rowOf = (written: OutRecord[]) =>
  auditEmitsCodec.decode(written.find(({ topic }) => topic === auditEmits.name)!.value as Buffer).verdicts[0]!
const topicsOf = (written: OutRecord[]) => written.map(({ topic }) => folderOf(topic)).sort()

describe('an emit', () => {
  it.each(examples)('%s is judged as it was, and writes what it did', (_, example) => {
    const { written } = admitted(example)
    expect(written.map(record => ({ ...asExample(record), partition: record.partition }))).toMatchSnapshot()
  })

  it.each(examples)('%s has one verdict, and the position moves past it', (_, example) => {
    const { verdict, written } = admitted(example)
    expect(rowOf(written).verdict).toBe(verdict.verdict)
    const key = `position/${example.topic}/0`
    expect(written.filter(record => record.key === key).map(asExample)).toEqual([
      {
        topic: admissionCounters.name,
        key,
        headers: {},
        value: { nextOffset: OFFSET + 1, topicId: null, leaderEpoch: -1 },
      },
    ])
  })

  it.each(examples)('%s that came in by Kafka is quarantined if it is rejected, and only then', (_, example) => {
    const { verdict, written } = admitted(example)
    const byKafka = !example.shows.startsWith('http')
    expect(topicsOf(written).includes(quarantine.name)).toBe(byKafka && verdict.verdict === 'rejected')
  })

  it.each(examples)(
    '%s that is accepted names in the log those that it is delivered to, and only them',
    (_, example) => {
      const { written } = admitted(example)
      const log = written.find(({ topic }) => folderOf(topic) === 'events')
      const header = log?.headers?.find(([name]) => name === 'subscribers')?.[1] as Buffer | undefined
      const delivery = written.find(({ topic }) => topic === deliveries.name)
      const webhookIds = delivery && deliveryRecordCodec.decode(delivery.value as Buffer).webhookIds
      expect(header && readSubscribers(header)).toEqual(log && (webhookIds ?? []).map(subscriberKey))
    },
  )

  it.each(examples)('%s lets no tag and no forged platform header out of the ingress', (_, example) => {
    const { written } = admitted(example)
    const names = written
      .flatMap(({ headers }) => (headers ?? []).map(([name]) => name))
      .filter(name => name.startsWith('clarion-'))
    const ours: string[] = Object.values(QUARANTINE_HEADERS)
    expect(names.filter(name => !ours.includes(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
  })
})

it('an emit that cannot be written fails without a trace in log, numbers or quarantine, and keeps its payload', () => {
  const [, example] = examples.find(([shows]) => shows === 'http')!
  const { verdict, written } = admitted(example, true)
  expect(verdict).toMatchObject({ verdict: 'failed', code: 'bus_relay_failed' })
  expect(topicsOf(written)).toEqual(['admission.counters', 'audit.emits', 'outcomes'])
  expect(rowOf(written)).toMatchObject({ verdict: 'failed', sequence: null, eventId: null, subscriberCount: 0 })
  expect(rowOf(written).payload?.toString()).toBe(example.value)
})
