import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import type { EmitState } from '../../src/analytics/read/emit-reads.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { deliveryId } from '../../src/model/ids.ts'
import {
  attempt,
  change,
  completion,
  idsAt,
  LAST_OF_PREVIOUS_MONTH,
  MONTH,
  matched,
  NOON,
  verdict,
} from './audit-rows.ts'
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

describe('the deliveries of a webhook', () => {
  const organizationId = 'org_deliveries'
  const emits = [1, 2, 3, 4, 5].map(n =>
    matched(n, ['wh_a', 'wh_b'], [], { organizationId, name: n === 5 ? 'shop.other' : 'shop.order_placed' }),
  )
  const [waiting, retrying, success, failed, cancelled] = emits as [
    (typeof emits)[0],
    (typeof emits)[0],
    (typeof emits)[0],
    (typeof emits)[0],
    (typeof emits)[0],
  ]
  const id = (of: { eventId: string | null }) => dlv(of, 'wh_a')
  const replay = dlv(waiting!, 'wh_a', 'rpl_1')
  const newestFirst = [
    [replay, 'success'],
    [id(cancelled!), 'cancelled'],
    [id(failed!), 'failed'],
    [id(success!), 'success'],
    [id(retrying!), 'retrying'],
    [id(waiting!), 'pending'],
  ]

  beforeAll(async () => {
    const refused = { responseStatus: 500, errorKind: 'status', error: 'HTTP 500' } as const
    await insert({
      verdicts: emits,
      attempts: [
        attempt(retrying!, 'wh_a', id(retrying!), { state: 'retrying', ...refused, nextAttemptAtMs: NOON + 99_000 }),
        attempt(success!, 'wh_a', id(success!), { state: 'retrying', ...refused }),
        attempt(success!, 'wh_a', id(success!), { number: 2 }),
        attempt(failed!, 'wh_a', id(failed!), { number: 4, state: 'failed', ...refused }),
        attempt(cancelled!, 'wh_a', id(cancelled!), { number: 1, state: 'retrying', ...refused }),
        attempt(cancelled!, 'wh_a', id(cancelled!), {
          number: 1,
          attemptId: null,
          state: 'cancelled',
          reason: 'webhook_deleted',
          startedAtMs: NOON + 500,
          durationMs: 0,
        }),
        attempt(waiting!, 'wh_a', replay, { trigger: 'replay', createdAtMs: NOON + 7000, startedAtMs: NOON + 7001 }),
        attempt(waiting!, 'wh_b', dlv(waiting!, 'wh_b')),
      ],
    })
  })

  const list = (filter: Partial<Parameters<Reads['listDeliveries']>[0]> = {}) =>
    reads.listDeliveries({ organizationId, environment: 'live', webhookId: 'wh_a', limit: 20, ...filter })

  it('are listed newest first, in the state of their newest step, pending ones included', async () => {
    const page = await list()
    expect(page.items.map(delivery => [delivery.id, delivery.status])).toEqual(newestFirst)
    expect(page.nextCursor).toBeNull()
    expect((await list({ organizationId: 'org_other' })).items).toEqual([])
    expect((await list({ environment: 'test' })).items).toEqual([])
  })

  it('are listed page by page without a gap or a repetition', async () => {
    for (const limit of [1, 2, 4]) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await list({ limit, cursor })
        expect(page.items.length).toBeLessThanOrEqual(limit)
        seen.push(...page.items.map(delivery => delivery.id))
        cursor = page.nextCursor ?? undefined
      } while (cursor)
      expect(seen).toEqual(newestFirst.map(([deliveryIdOf]) => deliveryIdOf))
    }
  })

  it.each(['pending', 'success', 'retrying', 'failed', 'cancelled', 'skipped'] as const)(
    'are listed by status: %s',
    async status => {
      expect((await list({ status })).items.map(delivery => delivery.id)).toEqual(
        newestFirst.filter(([, state]) => state === status).map(([deliveryIdOf]) => deliveryIdOf),
      )
    },
  )

  it('are listed by type and time', async () => {
    expect((await list({ type: 'shop.other' })).items.map(delivery => delivery.id)).toEqual([id(cancelled!)])
    const between = await list({ from: iso(NOON + 2), to: iso(NOON + 4) })
    expect(between.items.map(delivery => delivery.id)).toEqual([id(success!), id(retrying!)])
  })

  it('are found by id, attempted or not, by their own organization alone', async () => {
    for (const [deliveryIdOf, status] of newestFirst) {
      expect(await reads.deliveryById(organizationId, 'live', deliveryIdOf!)).toMatchObject({
        id: deliveryIdOf,
        webhookId: 'wh_a',
        status,
      })
      expect(await reads.deliveryById('org_other', 'live', deliveryIdOf!)).toBeUndefined()
    }
    expect(await reads.deliveryById(organizationId, 'live', 'dlv_nothing')).toBeUndefined()
  })

  it('show the result of the last attempt and when it ended', async () => {
    expect(await reads.deliveryById(organizationId, 'live', id(failed!))).toMatchObject({
      attempts: 4,
      responseStatus: 500,
      lastError: 'HTTP 500',
      lastErrorKind: 'status',
      completedAt: iso(failed!.recordedAtMs + 40 + 7),
    })
    expect(await reads.deliveryById(organizationId, 'live', id(retrying!))).toMatchObject({
      nextAttemptAt: iso(NOON + 99_000),
      completedAt: null,
    })
    const steps = await reads.listAttempts(organizationId, 'live', id(cancelled!))
    expect(steps.map(step => [step.number, step.attemptId === null, step.state, step.reason])).toEqual([
      [1, false, 'retrying', null],
      [1, true, 'cancelled', 'webhook_deleted'],
    ])
  })

  it('do not follow a cursor that is not one', async () => {
    for (const cursor of [
      'x',
      '',
      Buffer.from('["2026","a","b"]').toString('base64url'),
      Buffer.from('[1,2,3]').toString('base64url'),
    ]) {
      await expect(list({ cursor })).rejects.toMatchObject({ code: 'validation_failed' })
    }
  })
})

describe('usage', () => {
  it('counts accepted emits and attempts by month, and agrees with the rows', async () => {
    const own = { organizationId: 'org_usage' }
    const sent = matched(1, ['wh_1'], [], own)
    await insert({
      verdicts: [
        sent,
        verdict(2, { ...own, name: 'platformxe.generic', kind: 'user.signed_up' }),
        verdict(3, { ...own, verdict: 'rejected', eventId: null }),
        verdict(4, { ...own, environment: 'test' }),
        verdict(5, { ...own, recordedAtMs: NOON - 40 * 86_400_000 }),
      ],
      attempts: [
        attempt(sent, 'wh_1', 'dlv_1', { state: 'retrying' }),
        attempt(sent, 'wh_1', 'dlv_1', { number: 2 }),
        attempt(sent, 'wh_1', 'dlv_2', { attemptId: null, number: 0, state: 'skipped' }),
        attempt(sent, 'wh_1', 'dlv_3', { trigger: 'replay' }),
      ],
    })

    expect(await reads.usageSummary('org_usage', 'live', MONTH)).toEqual({
      emits: 2,
      emits_generic: 1,
      webhook_attempts: 3,
      deliveries_succeeded: 2,
      ...{ workflow_runs: 0, workflow_steps: 0, debug_runs: 0, streamed_events: 0, queue_messages: 0 },
      replayed_deliveries: 1,
      federation_relays: 0,
      notifications: 0,
      stored_bytes: 2 * sent.payloadBytes,
    })
    expect((await reads.usageSummary('org_usage', 'test', MONTH)).emits).toBe(1)
    expect(await reads.countsForAudit('org_usage', 'live', MONTH)).toEqual({
      acceptedRows: 2,
      acceptedEmits: 2,
      highestSequence: 2,
      attemptRows: 3,
      usageEmits: 2,
      usageAttempts: 3,
    })
    expect(await reads.usageTotals(MONTH)).toContainEqual({
      organizationId: 'org_usage',
      environment: 'live',
      meter: 'emits',
      count: 2,
    })
    const range = { from: iso(NOON - 3_600_000), to: iso(NOON + 3_600_000) }
    expect(
      await reads.usageTimeseries({ ...own, environment: 'live', meter: 'emits', bucket: 'hour', ...range }),
    ).toEqual([{ start: iso(NOON).replace('.000', ''), meter: 'emits', count: 2 }])
  })

  it('counts what counters have counted between their readings, each once, over hours, months and restarts', async () => {
    const HOUR_MS = 3_600_000
    const own = { organizationId: 'org_readings', environment: 'live' as const }
    const of = (counterId: string, reading: number, atMs: number) => ({
      ...own,
      ...{ meter: 'streamed_events' as const, counterId, reading, atMs },
    })
    await insert({ readings: [of('a/1', 4, NOON), of('a/1', 10, NOON + 60_000), of('b/1', 7, NOON + 120_000)] })
    await insert({
      readings: [of('a/1', 10, NOON + 60_000), of('a/1', 25, NOON + HOUR_MS), of('a/2', 1, NOON + HOUR_MS)],
    })
    await insert({
      readings: [of('c/1', 100, LAST_OF_PREVIOUS_MONTH - HOUR_MS), of('c/1', 130, LAST_OF_PREVIOUS_MONTH + 2)],
    })
    await insert({ readings: [{ ...of('a/1', 9, NOON), organizationId: 'org_other_readings' }] })
    const summary = async (month: string) =>
      (await reads.usageSummary(own.organizationId, 'live', month)).streamed_events
    expect(await summary(MONTH)).toBe(25 + 7 + 1 + 30)
    expect(await summary(new Date(LAST_OF_PREVIOUS_MONTH).toISOString().slice(0, 7))).toBe(100)
    expect(await reads.usageTotals(MONTH)).toContainEqual({ ...own, meter: 'streamed_events', count: 63 })
    const range = { from: iso(NOON), to: iso(NOON + 2 * HOUR_MS) }
    const buckets = await reads.usageTimeseries({ ...own, meter: 'streamed_events', bucket: 'hour', ...range })
    expect(buckets.map(({ count }) => count)).toEqual([17, 16])
    const later = { from: iso(NOON + HOUR_MS), to: iso(NOON + 2 * HOUR_MS) }
    expect((await reads.usageTimeseries({ ...own, bucket: 'hour', ...later })).map(({ count }) => count)).toEqual([16])
  })

  it('counts whole buckets, from the one that contains the beginning to the last one that begins before the end', async () => {
    const own = { organizationId: 'org_buckets', environment: 'live' as const, meter: 'emits' as const }
    const HOUR_MS = 3_600_000
    await insert({
      verdicts: [0, 1, 2].map(n =>
        verdict(n + 1, { organizationId: 'org_buckets', recordedAtMs: NOON + n * HOUR_MS + 60_000 }),
      ),
    })
    const starts = async (bucket: 'hour' | 'day', fromMs: number, toMs: number) =>
      (await reads.usageTimeseries({ ...own, bucket, from: iso(fromMs), to: iso(toMs) })).map(each => [
        Date.parse(each.start),
        each.count,
      ])
    expect(await starts('hour', NOON + 30 * 60_000, NOON + HOUR_MS + 1)).toEqual([
      [NOON, 1],
      [NOON + HOUR_MS, 1],
    ])
    expect(await starts('hour', NOON, NOON + HOUR_MS)).toEqual([[NOON, 1]])
    expect(await starts('day', NOON + HOUR_MS, NOON + HOUR_MS + 1)).toEqual([[NOON - 12 * HOUR_MS, 3]])
    expect(await starts('day', NOON + 12 * HOUR_MS, NOON + 13 * HOUR_MS)).toEqual([])
  })
})

describe('changes', () => {
  it('are listed newest first, page by page', async () => {
    const organizationId = 'org_changes'
    await insert({ changes: [1, 2, 3].map(n => change(n, { organizationId, occurredAtMs: NOON })) })

    const first = await reads.listChanges({ organizationId, limit: 2 })
    const second = await reads.listChanges({ organizationId, limit: 2, cursor: first.nextCursor ?? undefined })

    expect([...first.items, ...second.items].map(item => item.id)).toEqual(['chg_0003', 'chg_0002', 'chg_0001'])
    expect(first.items[0]?.data).toEqual({ url: 'https://example.com' })
    expect((await reads.listChanges({ organizationId, entityId: 'wh_2', limit: 2 })).items).toHaveLength(1)
    expect((await reads.listChanges({ organizationId: 'org_other', limit: 2 })).items).toEqual([])
  })
})

const iso = (ms: number): string => new Date(ms).toISOString()
