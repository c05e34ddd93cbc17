import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import type { EmitState } from '../../src/analytics/read/emit-reads.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { attempt, completion, idsAt, matched, NOON, verdict } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let client: AnalyticsClient
let reads: Reads
let blocks = 0
const insert = (audit: Parameters<typeof insertAudit>[2]) => insertAudit(client, blocks++, audit)
const dlv = (of: { eventId: string | null }, webhookId: string, replayId?: string) =>
  deliveryId(of.eventId ?? '', webhookId, replayId)

beforeAll(async () => {
  client = await migratedDatabase()
  reads = createReads(client)
})
afterAll(() => client.close())

describe('the state of an emit', () => {
  const organizationId = 'org_states'
  const own = { organizationId }
  const alone = verdict(1, own)
  const relayed = matched(2, ['wh_1'], [], own)
  const delivered = matched(3, ['wh_1'], [], own)
  const exhausted = matched(4, ['wh_1', 'wh_2'], [], own)
  const rejected = verdict(5, {
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ...own,
    verdict: 'rejected',
    code: 'payload_invalid',
    findings: '[{"path":"/a","rule":"type","message":"m"}]',
    eventId: null,
  })
  const duplicate = verdict(6, {
    ...own,
    verdict: 'duplicate',
    eventId: alone.eventId,
    originalEmitId: alone.emitId,
    payload: null,
  })
  const failed = verdict(7, {
    ...own,
    verdict: 'failed',
    code: 'bus_relay_failed',
    message: 'the log refused it',
    eventId: null,
    sequence: null,
  })
  const redriven = verdict(8, { ...own, verdict: 'failed', code: 'bus_relay_failed', eventId: null, sequence: null })
  const expected = [
    [redriven, 'DELIVERED'],
    [failed, 'FAILED'],
    [duplicate, 'DEDUPLICATED'],
    [rejected, 'REJECTED'],
    [exhausted, 'FAILED'],
    [delivered, 'DELIVERED'],
    [relayed, 'RELAYED'],
    [alone, 'DELIVERED'],
  ] as const

  beforeAll(async () => {
    await insert({
      verdicts: [alone, relayed, delivered, exhausted, rejected, duplicate, failed, redriven],
      completions: [completion(delivered, 'DELIVERED'), completion(exhausted, 'FAILED')],
      attempts: [
        attempt(exhausted, 'wh_1', dlv(exhausted, 'wh_1')),
        attempt(exhausted, 'wh_2', dlv(exhausted, 'wh_2'), {
          number: 4,
          state: 'failed',
          error: 'HTTP 500',
          errorKind: 'status',
        }),
      ],
    })
    await insert({ verdicts: [verdict(8, { ...own, judgedAtMs: NOON + 60_000 })] })
    await insert({
      verdicts: [verdict(9, { organizationId: 'org_other' }), verdict(9, { ...own, environment: 'test' })],
    })
  })

  it('follows from its verdict and from how its deliveries ended', async () => {
    for (const [emit, state] of expected) {
      expect((await reads.emitById(organizationId, 'live', emit.emitId))?.state).toBe(state)
    }
    expect(await reads.emitById('org_other', 'live', alone.emitId)).toBeUndefined()
    expect(await reads.emitById(organizationId, 'test', alone.emitId)).toBeUndefined()
  })

  it('lists newest first, and a redriven emit once', async () => {
    const page = await reads.listEmits({ organizationId, environment: 'live', limit: 20 })
    expect(page.items.map(emit => [emit.emitId, emit.state])).toEqual(
      expected.map(([emit, state]) => [emit.emitId, state]),
    )
    expect(page.nextCursor).toBeNull()
  })

  it.each(['RELAYED', 'DELIVERED', 'FAILED', 'REJECTED', 'DEDUPLICATED'] as const)(
    'lists those that are %s',
    async status => {
      const page = await reads.listEmits({ organizationId, environment: 'live', status, limit: 20 })
      expect(page.items.map(emit => emit.emitId)).toEqual(
        expected.filter(([, state]) => state === status).map(([emit]) => emit.emitId),
      )
    },
  )

  it('lists page by page without a gap or a repetition', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await reads.listEmits({ organizationId, environment: 'live', limit: 3, cursor })
      seen.push(...page.items.map(emit => emit.emitId))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    expect(seen).toEqual(expected.map(([emit]) => emit.emitId))
  })

  it('lists by time and name', async () => {
    const from = new Date(NOON + 2).toISOString()
    const to = new Date(NOON + 4).toISOString()
    const between = await reads.listEmits({ organizationId, environment: 'live', from, to, limit: 20 })
    expect(between.items.map(emit => emit.emitId)).toEqual([delivered.emitId, relayed.emitId])
    const ended = await reads.listEmits({
      organizationId,
      environment: 'live',
      status: 'DELIVERED',
      from,
      to,
      limit: 20,
    })
    expect(ended.items.map(emit => emit.emitId)).toEqual([delivered.emitId])
    expect(
      (await reads.listEmits({ organizationId, environment: 'live', name: 'shop.nothing', limit: 20 })).items,
    ).toEqual([])
  })

  it('shows the last failures with their reasons', async () => {
    const expectedFailures = [
      {
        id: failed.emitId,
        canonicalName: failed.canonicalName,
        errorMessage: 'the log refused it',
        createdAt: iso(failed.recordedAtMs),
      },
      {
        id: exhausted.emitId,
        canonicalName: exhausted.canonicalName,
        errorMessage: 'HTTP 500',
        createdAt: iso(exhausted.recordedAtMs),
      },
    ]
    expect(await reads.recentFailures(organizationId, 'live', 10)).toEqual(expectedFailures)
    expect(await reads.recentFailures(organizationId, 'live', 1)).toEqual(expectedFailures.slice(0, 1))
    expect(await reads.recentFailures('org_other', 'live', 10)).toEqual([])
  })

  it('shows a failure whose attempts are not recorded yet, and says so', async () => {
    const organizationId = 'org_failed_just_now'
    const early = verdict(1, { ...own, organizationId })
    await insert({ verdicts: [early], completions: [completion(early, 'FAILED')] })
    const [failure] = await reads.recentFailures(organizationId, 'live', 10)
    expect(failure).toMatchObject({ id: early.emitId, errorMessage: expect.stringContaining('still being recorded') })
  })

  it('finds open and failed emits behind any number of newer ones', async () => {
    const organizationId = 'org_busy'
    const old = matched(1, ['wh_1'], [], { ...own, organizationId })
    const oldFailed = verdict(2, {
      ...own,
      organizationId,
      verdict: 'failed',
      message: 'the log refused it',
      eventId: null,
      sequence: null,
    })
    const newer = Array.from({ length: 1_100 }, (_, n) => matched(10 + n, ['wh_1'], [], { ...own, organizationId }))
    const failedOnce = newer
      .slice(0, 30)
      .map(emit => ({ ...emit, verdict: 'failed' as const, eventId: null, sequence: null, subscriberCount: 0 }))
    await insert({
      verdicts: [
        old,
        oldFailed,
        ...failedOnce,
        ...newer.map(emit => ({ ...emit, judgedAtMs: emit.judgedAtMs + 60_000 })),
      ],
      completions: newer.map(emit => completion(emit, 'DELIVERED')),
    })
    const idsOf = async (status: EmitState) =>
      (await reads.listEmits({ organizationId, environment: 'live', status, limit: 5 })).items.map(emit => emit.emitId)
    expect(await idsOf('RELAYED')).toEqual([old.emitId])
    expect(await idsOf('FAILED')).toEqual([oldFailed.emitId])
    expect(await idsOf('DELIVERED')).toEqual(
      newer
        .slice(-5)
        .toReversed()
        .map(emit => emit.emitId),
    )
    expect((await reads.recentFailures(organizationId, 'live', 10)).map(failure => failure.id)).toEqual([
      oldFailed.emitId,
    ])
  })

  it('keeps every field as it was written', async () => {
    const found = await reads.emitById(organizationId, 'live', rejected.emitId)
    const { timeMs, recordedAtMs, judgedAtMs, payload: _payload, findings: _findings, ...facts } = rejected
    const times = { time: iso(timeMs), recordedAt: iso(recordedAtMs), judgedAt: iso(judgedAtMs), completedAt: null }
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    expect(found).toEqual({
      ...facts,
      ...times,
      traceId,
      state: 'REJECTED',
      findings: [{ path: '/a', rule: 'type', message: 'm' }],
    })
  })

  it('keeps the payload byte for byte', async () => {
    expect(await reads.payloadOf(organizationId, 'live', failed.emitId)).toBe(failed.payload?.toString())
    expect(await reads.payloadOf(organizationId, 'live', duplicate.emitId)).toBeUndefined()
    expect(await reads.payloadOf('org_other', 'live', failed.emitId)).toBeUndefined()
  })
})

describe('the history of an event', () => {
  it('is one call: verdict, every webhook considered, deliveries and attempts', async () => {
    const own = { organizationId: 'org_history' }
    const emit = matched(1, ['wh_sent', 'wh_waits'], ['wh_skipped'], own)
    const [sent, again] = [dlv(emit, 'wh_sent'), dlv(emit, 'wh_sent', 'rpl_1')]
    const replayedAtMs = NOON + 5000
    await insert({
      verdicts: [emit],
      attempts: [
        attempt(emit, 'wh_sent', sent, {
          state: 'retrying',
          responseStatus: 500,
          errorKind: 'status',
          error: 'HTTP 500',
          nextAttemptAtMs: NOON + 900,
        }),
        attempt(emit, 'wh_sent', sent, { number: 2 }),
        attempt(emit, 'wh_sent', again, {
          trigger: 'replay',
          createdAtMs: replayedAtMs,
          startedAtMs: replayedAtMs + 5,
        }),
      ],
    })

    const history = await reads.eventHistory('org_history', 'live', emit.eventId!)

    expect(history?.payload).toBe(emit.payload?.toString())
    expect(history?.emit.webhooks).toEqual(emit.webhooks)
    expect(history?.attempts.map(step => [step.deliveryId, step.number, step.state])).toEqual([
      [sent, 1, 'retrying'],
      [sent, 2, 'success'],
      [again, 1, 'success'],
    ])
    expect(history?.attempts[0]?.requestHeaders).toEqual({ 'content-type': 'application/json' })
    expect(history?.deliveries.map(delivery => [delivery.id, delivery.status, delivery.attempts])).toEqual([
      [sent, 'success', 2],
      [dlv(emit, 'wh_waits'), 'pending', 0],
      [again, 'success', 1],
    ])
    expect(await reads.eventHistory('org_other', 'live', emit.eventId!)).toBeUndefined()
    expect(await reads.eventHistory('org_history', 'test', emit.eventId!)).toBeUndefined()
    expect(await reads.eventHistory('org_history', 'live', idsAt(NOON, 99).eventId)).toBeUndefined()
  })
})

const iso = (ms: number): string => new Date(ms).toISOString()
