/**
 * Lifecycle events of admission (docs/specification/platform-events.md#lifecycle-events): the steps of an emit for
 * webhooks that name them, and warnings to an organization.
 */
import { describe, expect, it } from '@jest/globals'
import { createChainTokens } from '../../../src/events/chain.ts'
import type { LogRecord, OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Environment } from '../../../src/model/environments.ts'
import type { Organization } from '../../../src/model/organizations.ts'
import { planOf } from '../../../src/model/plans.ts'
import { admissionCounters, counterKeys, organizationCountersCodec } from '../../../topics/admission-counters.ts'
import { auditChanges, auditChangesCodec } from '../../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { asRecord, EXAMPLES_AT_MS, EXAMPLES_SECRET, examplesOf } from '../../topics/example-records.ts'
import { admitAll, asRead, createExamplesView } from './in-process.ts'

const ORG = 'org_01kweej16fd5swean4tt1jf6eh'
const example = (shows: string, offset = 4300): LogRecord =>
  asRecord(examplesOf('emits').find(each => each.shows === shows)!, { offset })
const named = (written: OutRecord[]): PlatformEmit[] =>
  written
    .filter(({ topic }) => topic === platformEmits.name)
    .map(({ value }) => platformEmitCodec.decode(value as Buffer))
const namesOf = (written: OutRecord[]) => named(written).map(({ type }) => type.replace('CUSTOM_EVENT_EMIT_', ''))
const noticesOf = (written: OutRecord[]) =>
  written
    .filter(({ topic }) => topic === auditChanges.name)
    .flatMap(({ value }) => auditChangesCodec.decode(value as Buffer).changes)
const dataOf = (emit: PlatformEmit) => JSON.parse(emit.payload.toString()) as Record<string, unknown>

function viewOf(
  selectors: string[],
  changes: Partial<Organization> = {},
  environment: Environment = 'live',
): ControlView {
  const view = createExamplesView(undefined, ['federation-push'])
  const webhooks = selectors.length === 0 ? [] : [{ ...view.webhooks(ORG)[0]!, environment, events: selectors }]
  return { ...view, webhooks: () => webhooks, organization: id => ({ ...view.organization(id)!, ...changes }) }
}
const rowsOf = (written: OutRecord[]) =>
  written
    .filter(({ topic }) => topic === auditEmits.name)
    .flatMap(({ value }) => auditEmitsCodec.decode(value as Buffer).verdicts)
const STEPS = ['REQUESTED', 'RELAYED', 'REJECTED', 'DEDUPLICATED', 'DELIVERED', 'DELIVERY_FAILED'].map(
  step => `CUSTOM_EVENT_EMIT_${step}`,
)
/** The organization's counters, with this many emits of the month used. */
const used = (live: number): LogRecord => {
  const month = new Date(EXAMPLES_AT_MS).getUTCFullYear() * 12 + new Date(EXAMPLES_AT_MS).getUTCMonth()
  const value = organizationCountersCodec.encode({
    sequenceLive: live,
    sequenceTest: 0,
    months: [{ month, live, test: 0 }],
  })
  const key = Buffer.from(counterKeys.ofOrganization(ORG))
  return { topic: admissionCounters.name, partition: 0, offset: 0, timestampMs: 0, key, value, headers: {} }
}

describe('the steps of an emit', () => {
  it('are announced only to webhooks that name them, each its own', () => {
    expect(namesOf(admitAll([example('kafka')], { view: viewOf(['*', 'lettings.*']) }).written)).toEqual([])
    expect(namesOf(admitAll([example('kafka')], { view: viewOf(STEPS) }).written)).toEqual([
      'REQUESTED',
      'RELAYED',
      'DELIVERED',
    ])
    expect(namesOf(admitAll([example('kafka')], { view: viewOf([...STEPS, '*']) }).written)).toEqual([
      'REQUESTED',
      'RELAYED',
    ])
    expect(
      namesOf(admitAll([example('kafka')], { view: viewOf([`PLATFORM_LIFECYCLE:${ORG}:${STEPS[1]}@1`]) }).written),
    ).toEqual(['RELAYED'])
    expect(namesOf(admitAll([example('kafka')], { view: viewOf(STEPS, {}, 'test') }).written)).toEqual([])
  })

  it.each([
    ['kafka-archived', ['REQUESTED', 'REJECTED']],
    ['kafka-idempotency-key-again', ['REQUESTED', 'DEDUPLICATED']],
  ])('end as the emit did: %s', (shows, steps) => {
    expect(namesOf(admitAll([example(shows)], { view: viewOf(STEPS) }).written)).toEqual(steps)
  })

  it('describe the emit without its payload', () => {
    const [requested, relayed] = named(admitAll([example('kafka')], { view: viewOf(STEPS) }).written)
    expect(requested).toMatchObject({
      kind: 'lifecycle',
      canonicalName: `PLATFORM_LIFECYCLE:${ORG}:${STEPS[0]}@1`,
      depth: 0,
      rootEventId: null,
    })
    expect(dataOf(requested!)).toMatchObject({
      entityType: 'emit',
      entityId: requested!.subject,
      organizationId: ORG,
      payloadBytes: 63,
      idempotencyKeyPresent: false,
    })
    expect(dataOf(relayed!)).toMatchObject({ partition: 0, offset: 4300, latencyMs: 2, status: 'RELAYED' })
    for (const emit of [requested!, relayed!]) expect(emit.payload.toString()).not.toContain('ada@example.com')
  })

  it('are one further down the chain that the emit is in', () => {
    const [, relayed] = named(admitAll([example('kafka-chain-of-ours')], { view: viewOf(STEPS) }).written)
    expect(relayed).toMatchObject({ depth: 2, rootEventId: 'evt_06fsmgaj80000000000000m40znn07yb' })
  })

  it('are not announced for platform emits', () => {
    const [builtIn] = examplesOf(platformEmits.name).filter(each => each.shows === 'built-in')
    expect(named(admitAll([asRecord(builtIn!)], { view: viewOf(STEPS) }).written)).toEqual([])
  })
})

describe('the quota', () => {
  const limit = planOf('BASIC').monthlyEmits!
  const basic = (selectors: string[] = []) => viewOf(selectors, { plan: 'BASIC' })

  it.each([
    [limit * 0.8 - 2, []],
    [limit * 0.8 - 1, [80]],
    [limit * 0.8, []],
    [limit * 0.9 - 1, [90]],
    [limit - 1, [100]],
  ])('is warned of when %d are used and one comes: %j percent', (before, percents) => {
    const { written } = admitAll([example('kafka')], { view: basic(), state: [used(before)] })
    expect(noticesOf(written).map(({ type, data }) => [type, JSON.parse(data)])).toEqual(
      percents.map(percent => ['QUOTA_WARNING', { quota: 'emits', used: before + 1, limit, percent }]),
    )
  })

  it('is announced as used up once an hour, as a lifecycle event and as a built-in, also after a restart', () => {
    const name = 'CUSTOM_EVENT_QUOTA_EXCEEDED'
    const unasked = admitAll([example('kafka')], { view: basic(), state: [used(limit)] }).written
    expect([noticesOf(unasked).length, named(unasked).map(({ type }) => type)]).toEqual([1, ['quota.exceeded']])
    const view = basic([name, 'QuotaExceeded'])
    const first = admitAll([example('kafka', 4300), example('kafka', 4301)], { view, state: [used(limit)] }).written
    expect(noticesOf(first).map(({ type }) => type)).toEqual([name])
    expect(named(first).map(({ type }) => type)).toEqual([name, 'quota.exceeded'])
    expect(dataOf(named(first)[1]!)).toEqual({ plan: 'BASIC', quota: 'emits', used: limit, limit })
    const state = [...asRead(first), used(limit)]
    expect(noticesOf(admitAll([example('kafka', 4302)], { view: basic(), state }).written)).toEqual([])
    const later = { ...example('kafka', 4303), timestampMs: EXAMPLES_AT_MS + 3_600_000 }
    expect(noticesOf(admitAll([later], { view: basic(), state }).written)).toHaveLength(1)
  })
})

describe('a chain', () => {
  const tokens = createChainTokens(EXAMPLES_SECRET)
  const chained = (path: string[], depth = 3, offset = 4300): LogRecord => {
    const token = tokens.sign({ rootEventId: 'evt_root', eventId: 'evt_cause', depth, organizationId: ORG, path })
    const record = example('kafka', offset)
    return { ...record, headers: { ...record.headers, 'chain-token': Buffer.from(token) } }
  }
  const times = (count: number, id = 'wh_a') => Array.from({ length: count }, () => id)

  it('may come through one webhook nine times, and not ten', () => {
    const nine = admitAll([chained([...times(9), 'wh_b', 'wh_b'])])
    expect(nine.verdicts).toMatchObject([
      { verdict: 'accepted', event: { depth: 4, path: [...times(9), 'wh_b', 'wh_b'] } },
    ])
    const ten = admitAll([chained(['wh_b', ...times(10)])])
    expect(ten.verdicts).toMatchObject([
      { code: 'chain_depth_exceeded', findings: [{ path: '/chainToken', rule: 'path' }] },
    ])
    expect(admitAll([chained([], 50)]).verdicts).toMatchObject([{ findings: [{ rule: 'depth' }] }])
  })

  it('that was cut is announced once, with the dropped event', () => {
    const name = 'CUSTOM_EVENT_CHAIN_TRUNCATED'
    const { written } = admitAll([chained(times(10)), chained(times(10), 3, 4301)], { view: viewOf([name]) })
    expect(named(written).map(dataOf)).toMatchObject([
      { rootEventId: 'evt_root', depth: 3, workflowPath: times(10), droppedEvent: 'lettings.viewing' },
    ])
    expect(noticesOf(written)).toHaveLength(1)
  })

  it('token that is not ours is ignored, and the answer says so', () => {
    const { verdicts, written } = admitAll([example('hostile-chain-forged')])
    expect(verdicts).toMatchObject([{ verdict: 'accepted', event: { depth: 0, path: [] } }])
    expect(rowsOf(written)).toMatchObject([{ warnings: ['chain_token_ignored'] }])
  })
})
