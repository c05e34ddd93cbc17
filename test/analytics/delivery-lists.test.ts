/** Random histories, written into ClickHouse as the engine writes them: every list, by every filter, agrees with the single read. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import type { Delivery } from '../../src/analytics/read/delivery.ts'
import { EMIT_STATES } from '../../src/analytics/read/emit-reads.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { createSystemClock } from '../../src/clock.ts'
import { deliveryId } from '../../src/model/ids.ts'
import type { AttemptRow, DeliveryState } from '../../topics/audit-attempts.ts'
import type { CompletionRow, VerdictRow } from '../../topics/audit-emits.ts'
import { attempt, completion, matched, NOON, verdict } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

const clock = createSystemClock()
let client: AnalyticsClient
let reads: Reads
beforeAll(async () => {
  client = await migratedDatabase()
  reads = createReads(client)
})
afterAll(() => client?.close())

const STATUSES = ['pending', 'success', 'retrying', 'failed', 'cancelled', 'skipped'] as const
const WEBHOOKS = ['wh_a', 'wh_b'] as const
const DAY_MS = 86_400_000

interface StepPlan {
  state: DeliveryState
  reason: string | null
  /** False: an end, or a call, without an attempt. */
  isAttempt: boolean
  /** Of one that is tried again by hand, the number goes on. */
  again: boolean
  laterMs: number
}
interface DeliveryPlan {
  kind: 'own' | 'catch-up' | 'replay' | 'older-catch-up'
  steps: StepPlan[]
}
interface EmitPlan {
  kind: 'accepted' | 'redriven' | 'failed' | 'rejected' | 'duplicate'
  webhooks: Array<{ is: 'matched' | 'skipped' | 'none'; deliveries: DeliveryPlan[] }>
  type: 'shop.order_placed' | 'shop.other'
  ended: 'DELIVERED' | 'FAILED' | null
  sameMs: boolean
}

const step = fc.oneof(
  ...[
    { state: 'success', reason: null, isAttempt: true },
    { state: 'retrying', reason: null, isAttempt: true },
    { state: 'failed', reason: 'exhausted', isAttempt: true },
    { state: 'retrying', reason: 'asked_for', isAttempt: false },
    { state: 'failed', reason: 'endpoint_unavailable', isAttempt: false },
    { state: 'failed', reason: 'outside_retention', isAttempt: false },
    { state: 'skipped', reason: 'left_out', isAttempt: false },
    { state: 'cancelled', reason: 'manual', isAttempt: false },
  ].map(
    each =>
      fc.record({
        ...fromEach(each),
        again: fc.boolean(),
        laterMs: fc.constantFrom(0, 0, 1, 900),
      } as never) as fc.Arbitrary<StepPlan>,
  ),
)
function fromEach(each: object) {
  return Object.fromEntries(Object.entries(each).map(([name, value]) => [name, fc.constant(value)]))
}
const delivery = fc.record<DeliveryPlan>({
  kind: fc.constantFrom('own', 'own', 'own', 'catch-up', 'replay', 'older-catch-up'),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
})
const emit = fc.record<EmitPlan>({
  kind: fc.constantFrom('accepted', 'accepted', 'accepted', 'accepted', 'redriven', 'failed', 'rejected', 'duplicate'),
  webhooks: fc.array(
    fc.record({
      is: fc.constantFrom('matched', 'matched', 'skipped', 'none'),
      deliveries: fc.array(delivery, { maxLength: 2 }),
    }),
    { minLength: WEBHOOKS.length, maxLength: WEBHOOKS.length },
  ) as fc.Arbitrary<EmitPlan['webhooks']>,
  type: fc.constantFrom('shop.order_placed', 'shop.other'),
  ended: fc.constantFrom('DELIVERED', 'FAILED', null),
  sameMs: fc.boolean(),
})

interface History {
  verdicts: VerdictRow[]
  completions: CompletionRow[]
  attempts: AttemptRow[]
  /** The deliveries of single reads: every one that there may be. */
  deliveryIds: Map<string, string>
}

/** The rows of a history; `offset` keeps the numbers of several apart. */
function rowsOf(plans: EmitPlan[], organizationId: string): History {
  const history: History = { verdicts: [], completions: [], attempts: [], deliveryIds: new Map() }
  let atMs = NOON
  for (const [index, plan] of plans.entries()) {
    if (!plan.sameMs) atMs += 7
    const n = index + 1
    const facts = { organizationId, name: plan.type, recordedAtMs: atMs }
    const at = (is: string) => WEBHOOKS.filter((_, place) => plan.webhooks[place]!.is === is)
    if (plan.kind === 'rejected' || plan.kind === 'duplicate') {
      history.verdicts.push(
        verdict(n, { ...facts, verdict: plan.kind, ...(plan.kind === 'rejected' ? { eventId: null } : {}) }),
      )
      continue
    }
    const accepted = matched(n, at('matched'), at('skipped'), facts)
    const unwritten = {
      ...accepted,
      verdict: 'failed' as const,
      eventId: null,
      sequence: null,
      webhooks: [],
      subscriberCount: 0,
    }
    if (plan.kind !== 'accepted') history.verdicts.push({ ...unwritten, payload: null })
    if (plan.kind === 'failed') continue
    // A redriven emit keeps its id and is recorded when the redrive came.
    const lateMs = plan.kind === 'redriven' ? 5_003 : 0
    const event = { ...accepted, recordedAtMs: atMs + lateMs, judgedAtMs: accepted.judgedAtMs + lateMs, payload: null }
    history.verdicts.push(event)
    if (event.subscriberCount > 0 && plan.ended !== null) history.completions.push(completion(event, plan.ended))
    for (const [place, { is, deliveries }] of plan.webhooks.entries()) {
      const webhookId = WEBHOOKS[place]!
      if (is !== 'none') history.deliveryIds.set(deliveryId(event.eventId!, webhookId), webhookId)
      if (is === 'matched')
        for (const [which, planned] of deliveries.entries()) addSteps(history, event, webhookId, planned, which)
    }
  }
  return history
}

function addSteps(
  history: History,
  event: VerdictRow,
  webhookId: string,
  { kind, steps }: DeliveryPlan,
  which: number,
): void {
  const replayId = kind === 'own' ? null : `rpl_${kind}_${which}`
  const id = deliveryId(event.eventId!, webhookId, kind === 'replay' ? replayId! : undefined)
  const known = history.attempts.find(row => row.deliveryId === id)
  // All steps of a delivery have the same time of creation.
  const createdAtMs =
    known?.createdAtMs ?? event.recordedAtMs + (kind === 'own' || kind === 'catch-up' ? 0 : 60_000 + which)
  const before = history.attempts.filter(row => row.deliveryId === id)
  let number = Math.max(0, ...before.map(row => row.number))
  let startedAtMs = Math.max(createdAtMs, ...before.map(row => row.startedAtMs + 1))
  // An ended delivery goes on by hand alone, and its trigger stays `manual`.
  let isByHand = before.some(({ state, trigger }) => state !== 'retrying' || trigger === 'manual')
  for (const planned of steps) {
    if (planned.isAttempt) number++
    // A retry by hand follows a step that its caller has seen, so their times differ.
    const isFirstByHand = !isByHand && planned.again
    startedAtMs += isFirstByHand ? Math.max(1, planned.laterMs) : planned.laterMs
    isByHand ||= planned.again
    history.attempts.push(
      attempt(event, webhookId, id, {
        ...{
          number,
          state: planned.state,
          reason: planned.reason,
          startedAtMs,
          createdAtMs,
          replayId: known?.replayId ?? replayId,
        },
        attemptId: planned.isAttempt ? `att_${history.attempts.length}` : null,
        trigger: isByHand ? 'manual' : kind === 'replay' || kind === 'older-catch-up' ? 'replay' : 'live',
      }),
    )
    if (!isByHand && planned.state !== 'retrying') {
      isByHand = true
      startedAtMs++
    }
  }
  history.deliveryIds.set(id, webhookId)
}

async function allPages<Item>(
  page: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | null }>,
): Promise<Item[]> {
  const items: Item[] = []
  for (let cursor: string | undefined; ; ) {
    const { items: more, nextCursor } = await page(cursor)
    items.push(...more)
    if (nextCursor === null) return items
    cursor = nextCursor
  }
}

const placeOf = ({ createdAt, eventId, id }: Delivery) => `${createdAt}/${eventId}/${id}`
const newestFirst = (list: Delivery[]) => list.toSorted((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
const iso = (ms: number) => new Date(ms).toISOString()

let histories = 0

describe('for random histories', () => {
  it('every filter of every list of deliveries shows those, and as, the single read does', async () => {
    const isOver = timeBudget()
    await fc.assert(
      fc.asyncProperty(
        fc.array(emit, { minLength: 2, maxLength: 10 }),
        fc.constantFrom(2, 5, 100),
        fc.integer({ min: 0, max: 80 }),
        async (plans, limit, cutMs) => {
          if (isOver()) return
          const own = { organizationId: `org_lists_${++histories}`, environment: 'live' as const }
          const history = rowsOf(plans, own.organizationId)
          await insertAudit(client, 10_000 + histories, history)
          const single = async (id: string) => (await reads.deliveryById(own.organizationId, 'live', id))!
          const all = await Promise.all([...history.deliveryIds.keys()].map(single))
          expect(all.every(Boolean)).toBe(true)
          const cut = iso(NOON + cutMs)
          const filters: Array<[object, (one: Delivery) => boolean]> = [
            [{}, () => true],
            [{ type: 'shop.other' }, one => one.eventType === 'shop.other'],
            [{ from: cut }, one => one.createdAt >= cut],
            [{ to: cut }, one => one.createdAt < cut],
          ]
          for (const webhookId of WEBHOOKS) {
            for (const status of [undefined, ...STATUSES]) {
              for (const [filter, shows] of status === undefined ? filters : [filters[0]!]) {
                const listed = await allPages(cursor =>
                  reads.listDeliveries({ ...own, webhookId, status, limit, cursor, ...filter }),
                )
                const expected = all.filter(
                  one => one.webhookId === webhookId && (status === undefined || one.status === status) && shows(one),
                )
                expect({ status, filter, listed }).toEqual({ status, filter, listed: newestFirst(expected) })
              }
            }
          }
          const dead = await allPages(cursor => reads.listDeadLetters({ ...own, limit, cursor }))
          expect(dead).toEqual(newestFirst(all.filter(({ status }) => status === 'failed')))
          const counts = await reads.countDeadLetters({ ...own, oldestEvent: 'evt_' })
          for (const { webhookId, count, fromSequence, throughSequence } of counts) {
            const own = dead.filter(one => one.webhookId === webhookId)
            const numbers = own.map(({ sequence }) => sequence)
            expect([count, fromSequence, throughSequence]).toEqual([
              own.length,
              Math.min(...numbers),
              Math.max(...numbers),
            ])
          }
          expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(dead.length)
          for (const { eventId } of history.verdicts.filter(row => row.verdict === 'accepted')) {
            const { deliveries } = (await reads.eventHistory(own.organizationId, 'live', eventId!))!
            const ofEvent = all.filter(one => one.eventId === eventId && one.reason !== 'selector_mismatch')
            expect(newestFirst(deliveries)).toEqual(newestFirst(ofEvent))
          }
        },
      ),
      RUNS,
    )
  }, 180_000)

  it('every filter of the list of emits shows those, and as, the single read does', async () => {
    const isOver = timeBudget()
    await fc.assert(
      fc.asyncProperty(
        fc.array(emit, { minLength: 3, maxLength: 12 }),
        fc.constantFrom(3, 100),
        fc.integer({ min: 0, max: 6_000 }),
        async (plans, limit, cutMs) => {
          if (isOver()) return
          const own = { organizationId: `org_lists_${++histories}`, environment: 'live' as const }
          const history = rowsOf(plans, own.organizationId)
          await insertAudit(client, 10_000 + histories, history)
          const ids = [...new Set(history.verdicts.map(({ emitId }) => emitId))].sort().reverse()
          const all = await Promise.all(ids.map(async id => (await reads.emitById(own.organizationId, 'live', id))!))
          const cut = iso(NOON + cutMs)
          for (const status of [undefined, ...EMIT_STATES]) {
            for (const filter of [{}, { name: 'shop.other' }, { from: cut }, { to: cut }] as Array<{
              name?: string
              from?: string
              to?: string
            }>) {
              const listed = await allPages(cursor => reads.listEmits({ ...own, status, limit, cursor, ...filter }))
              const expected = all.filter(
                one =>
                  (status === undefined || one.state === status) &&
                  (filter.name === undefined || one.name === filter.name) &&
                  (filter.from === undefined || one.recordedAt >= filter.from) &&
                  (filter.to === undefined || one.recordedAt < filter.to),
              )
              expect({ status, filter, listed }).toEqual({
                status,
                filter,
                listed: expected.map(({ webhooks: _, ...one }) => one),
              })
            }
          }
        },
      ),
      RUNS,
    )
  }, 180_000)
})

/** Each is a history of its own in the database, with some hundred queries. */
/** The same histories each time; `CLARION_LISTS_SEED` looks at others. */
const RUNS = { seed: Number(process.env.CLARION_LISTS_SEED ?? 1), numRuns: 5, endOnFailure: true }
/** A busy machine takes long for one: no other is begun after this time. */
const BEGIN_WITHIN_MS = 10_000
function timeBudget(): () => boolean {
  const endMs = clock.monotonicMs() + BEGIN_WITHIN_MS
  let runs = 0
  return () => runs++ > 0 && clock.monotonicMs() > endMs
}

it('a list ends where attempts end: an older event is not said to be waiting, alone, in a list or with its event', async () => {
  const own = { organizationId: 'org_old', environment: 'live' as const }
  const [old, young] = [64, 60].map((days, at) =>
    matched(at + 1, ['wh_a'], ['wh_b'], { ...own, recordedAtMs: NOON - days * DAY_MS }),
  )
  await insertAudit(client, 9_000, { verdicts: [old!, young!] })
  const list = async (webhookId: string, status?: 'pending' | 'skipped') =>
    (await reads.listDeliveries({ ...own, webhookId, status, limit: 10 })).items.map(({ eventId }) => eventId)
  expect(await list('wh_a')).toEqual([young!.eventId])
  expect(await list('wh_a', 'pending')).toEqual([young!.eventId])
  expect(await list('wh_b', 'skipped')).toEqual([young!.eventId])
  expect(await reads.deliveryById('org_old', 'live', deliveryId(old!.eventId!, 'wh_a'))).toBeUndefined()
  expect(await reads.deliveryById('org_old', 'live', deliveryId(young!.eventId!, 'wh_a'))).toMatchObject({
    status: 'pending',
  })
  expect((await reads.eventHistory('org_old', 'live', old!.eventId!))!.deliveries).toEqual([])
  expect((await reads.eventHistory('org_old', 'live', young!.eventId!))!.deliveries).toHaveLength(1)
})

it('the few that wait are found behind any number that have been attempted, and dead letters behind any number that were sent again', async () => {
  const own = { organizationId: 'org_many', environment: 'live' as const }
  const events = Array.from({ length: 1_300 }, (_, n) => matched(n + 1, ['wh_a'], [], { ...own, payload: null }))
  const attempts = events.slice(3).flatMap((event, at) => {
    const id = deliveryId(event.eventId!, 'wh_a')
    // As a release before wrote a catch-up.
    if (at % 2 === 0) return [attempt(event, 'wh_a', id, { trigger: 'replay', replayId: 'rpl_0' })]
    return [
      attempt(event, 'wh_a', id, { state: 'failed' }),
      attempt(event, 'wh_a', id, { number: 2, replayId: 'rpl_1' }),
    ]
  })
  const dead = attempt(events[2]!, 'wh_a', deliveryId(events[2]!.eventId!, 'wh_a'), { state: 'failed' })
  await insertAudit(client, 9_001, { verdicts: events, attempts: [...attempts, dead] })
  const waiting = await reads.listDeliveries({ ...own, webhookId: 'wh_a', status: 'pending', limit: 1 })
  expect(waiting.items.map(({ eventId }) => eventId)).toEqual([events[1]!.eventId])
  const rest = await reads.listDeliveries({
    ...own,
    webhookId: 'wh_a',
    status: 'pending',
    limit: 1,
    cursor: waiting.nextCursor!,
  })
  expect([rest.items.map(({ eventId }) => eventId), rest.nextCursor]).toEqual([[events[0]!.eventId], null])
  expect((await reads.listDeadLetters({ ...own, limit: 5 })).items.map(({ eventId }) => eventId)).toEqual([
    events[2]!.eventId,
  ])
})
