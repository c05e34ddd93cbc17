/**
 * Platform emits for an organization: numbered, logged, delivered and recorded like an emit, once, and outside the
 * quota.
 */
import { describe, expect, it } from '@jest/globals'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord, OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { admissionCounters, organizationCountersCodec } from '../../../topics/admission-counters.ts'
import { auditEmits, auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { deliveries, deliveryRecordCodec } from '../../../topics/deliveries.ts'
import { outcomes, outcomesCodec } from '../../../topics/outcomes.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { asRecord, examplesOf } from '../../topics/example-records.ts'
import { admitAll, asRead, createExamplesView } from './in-process.ts'

const ORG = 'org_01kweej16fd5swean4tt1jf6eh'
const example = (shows: string): LogRecord =>
  asRecord(examplesOf(platformEmits.name).find(each => each.shows === shows)!)
const changed = (record: LogRecord, changes: Partial<PlatformEmit>, offset = 0): LogRecord => ({
  ...record,
  offset,
  value: platformEmitCodec.encode({ ...platformEmitCodec.decode(record.value!), ...changes }),
})
const of = (written: OutRecord[], topic: string) => written.filter(record => record.topic === topic)
const logOf = (written: OutRecord[]) => of(written, `events.${ORG}`)
const rowsOf = (written: OutRecord[]) =>
  of(written, auditEmits.name).flatMap(record => auditEmitsCodec.decode(record.value as Buffer).verdicts)
const answersOf = (written: OutRecord[]) =>
  of(written, outcomes.name).flatMap(record => outcomesCodec.decode(record.value as Buffer).outcomes)
const factsOf = (record: OutRecord) =>
  readEventHeaders(Object.fromEntries((record.headers ?? []).map(([name, value]) => [name, Buffer.from(value)])), ORG)
const countersOf = (written: OutRecord[]) => {
  const [record] = of(written, admissionCounters.name).filter(({ key }) => key === `counters/${ORG}`)
  return organizationCountersCodec.decode(record!.value as Buffer)
}
const withOrganization = (changes: object): ControlView => {
  const view = createExamplesView()
  return { ...view, organization: id => ({ ...view.organization(id)!, ...changes }) }
}

describe('what the platform emits', () => {
  it('has an id that no emit has, the next sequence number, and its subject’s place in the log', () => {
    const { written, verdicts } = admitAll([example('built-in')])
    expect(verdicts).toMatchObject([{ verdict: 'accepted' }])
    const [record] = logOf(written)
    const facts = factsOf(record!)
    expect(facts).toMatchObject({
      type: 'order.created',
      canonicalName: `PLATFORM:${ORG}:order.created@1`,
      subject: 'order_1',
      depth: 0,
    })
    expect([record!.key, record!.partition, facts.rootEventId]).toEqual(['order_1', 0, facts.eventId])
    expect(rowsOf(written)).toMatchObject([
      { eventId: facts.eventId, sequence: facts.sequence, channel: 'platform', verdict: 'accepted' },
    ])
    expect(answersOf(written)).toMatchObject([{ ticket: 7, verdict: 'accepted', eventId: facts.eventId }])
  })

  it('is on no quota', () => {
    const before = countersOf(admitAll([example('redrive')]).written)
    const after = countersOf(admitAll([example('built-in')]).written)
    expect(after.sequenceLive).toBe(before.sequenceLive)
    expect(after.months[0]!.live).toBe(before.months[0]!.live - 1)
    expect(admitAll([example('built-in')], { view: withOrganization({ plan: 'FREE' }) }).verdicts[0]!.verdict).toBe(
      'accepted',
    )
  })

  it('goes to the webhooks that select it: a lifecycle event to those alone that name it', () => {
    const webhooksOf = (written: OutRecord[]) =>
      of(written, deliveries.name).flatMap(record => deliveryRecordCodec.decode(record.value as Buffer).webhookIds)
    const selecting = (...selectors: string[]): ControlView => {
      const view = createExamplesView()
      const [webhook] = view.webhooks(ORG)
      const webhooks = selectors.map((selector, at) => ({
        ...webhook!,
        id: `wh_${at}`,
        environment: 'live' as const,
        active: true,
        events: [selector],
      }))
      return { ...view, webhooks: () => webhooks }
    }
    const builtIn = selecting('*', 'order.*', 'order.created', 'order.failed', `PLATFORM:${ORG}:order.created@1`)
    expect(webhooksOf(admitAll([example('built-in')], { view: builtIn }).written)).toEqual([
      'wh_0',
      'wh_1',
      'wh_2',
      'wh_4',
    ])
    const name = 'CUSTOM_EVENT_PUBLISHED'
    const lifecycle = selecting('*', name, 'CUSTOM_EVENT_ARCHIVED', `PLATFORM_LIFECYCLE:${ORG}:${name}@1`)
    expect(webhooksOf(admitAll([example('lifecycle-of-a-change')], { view: lifecycle }).written)).toEqual([
      'wh_1',
      'wh_3',
    ])
  })

  it.each(['built-in', 'lifecycle-of-a-change', 'relay-of-a-peer', 'redrive'])(
    'is admitted once, though its record comes again, in one transaction or after a restart: %s',
    shows => {
      // A relay exists twice only if its owner has tried it again.
      const record =
        shows === 'relay-of-a-peer' ? changed(example(shows), { requestId: 'req_of_a_retry' }) : example(shows)
      const twice = admitAll([record, { ...record, offset: 1 }])
      expect(logOf(twice.written)).toHaveLength(1)
      expect(rowsOf(twice.written)).toHaveLength(1)
      const again = admitAll([{ ...record, offset: 2 }], { state: asRead(twice.written) })
      expect([logOf(again.written), rowsOf(again.written)]).toEqual([[], []])
    },
  )

  it('is answered as the first time when it is repeated with its idempotency key, and refused with other data', () => {
    const first = changed(example('built-in'), { idempotencyKey: 'k' })
    const { written } = admitAll([
      first,
      changed(first, {}, 1),
      changed(first, { payload: Buffer.from('{"order_id":"order_2","customer_id":"cus_1"}') }, 2),
    ])
    const [accepted, repeated, other] = answersOf(written)
    expect(repeated).toMatchObject({ verdict: 'duplicate', eventId: accepted!.eventId, sequence: accepted!.sequence })
    expect(other).toMatchObject({ verdict: 'rejected', code: 'idempotency_key_conflict' })
  })

  it('still reaches an organization that is suspended, except for what its peers send', () => {
    const view = withOrganization({ status: 'suspended' })
    expect(admitAll([example('built-in')], { view }).verdicts).toMatchObject([{ verdict: 'accepted' }])
    expect(admitAll([example('lifecycle-of-a-change')], { view }).verdicts).toMatchObject([{ verdict: 'accepted' }])
    expect(admitAll([example('relay-of-a-peer')], { view }).verdicts).toMatchObject([
      { verdict: 'rejected', code: 'organization_suspended' },
    ])
  })

  it('fails and is kept when the log refuses it; an unreadable one is skipped once it is isolated', () => {
    const { verdicts, written } = admitAll([example('built-in')], { isolated: true })
    expect(verdicts).toMatchObject([{ verdict: 'failed', code: 'bus_relay_failed' }])
    expect(rowsOf(written)).toMatchObject([
      { verdict: 'failed', channel: 'platform', payload: platformEmitCodec.decode(example('built-in').value!).payload },
    ])
    const unreadable = { ...example('built-in'), value: Buffer.from('not ours') }
    expect(() => admitAll([unreadable])).toThrow()
    expect(admitAll([unreadable], { isolated: true }).verdicts).toEqual([])
  })
})

describe('a relay', () => {
  it('carries where it came from, and joins the chain of its source', () => {
    const facts = factsOf(logOf(admitAll([example('relay-of-a-peer')]).written)[0]!)
    expect(facts).toMatchObject({
      depth: 1,
      federation: { hops: 1, sourceEventId: facts.causationId },
      rootEventId: facts.causationId,
    })
  })

  it('is refused when the organization has an event of that name with another schema', () => {
    const own = { type: 'lettings.viewing', schemaVersion: '1.0.0' }
    expect(admitAll([changed(example('relay-of-a-peer'), own)]).verdicts).toMatchObject([
      { verdict: 'rejected', code: 'federation_name_conflict' },
    ])
  })
})

describe('a redrive', () => {
  const EMIT = platformEmitCodec.decode(example('redrive').value!).redriveOf!

  it('is the failed emit itself: its id, its place in the months now, its key', () => {
    const { written } = admitAll([example('redrive')])
    const [row] = rowsOf(written)
    expect(row).toMatchObject({
      emitId: EMIT,
      eventId: EMIT.replace('cee_', 'evt_'),
      verdict: 'accepted',
      channel: 'http',
      idempotencyKey: 'booking-7312',
    })
    expect(answersOf(written)).toMatchObject([{ ticket: 8, emitId: EMIT, sequence: row!.sequence }])
  })

  it('that comes to nothing leaves the emit failed, and takes nothing', () => {
    for (const refused of [
      admitAll([example('redrive')], { view: withOrganization({ status: 'suspended' }) }),
      admitAll([example('redrive')], { isolated: true }),
      admitAll([changed(example('redrive'), { payload: Buffer.from('{}') })]),
    ]) {
      expect([
        logOf(refused.written),
        rowsOf(refused.written),
        of(refused.written, admissionCounters.name).length,
      ]).toEqual([[], [], 1])
      expect(answersOf(refused.written)).toMatchObject([{ ticket: 8, emitId: EMIT }])
    }
  })
})
