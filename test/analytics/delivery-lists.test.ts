/** Random histories, written into ClickHouse as the engine writes them: every list, by every filter, agrees with the single read. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import type { Delivery } from '../../src/analytics/read/delivery.ts'
import { EMIT_STATES, type EmitFilter } from '../../src/analytics/read/emit-reads.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import type { DeadLetterCount } from '../../src/analytics/read/redelivery-reads.ts'
import { createRedriveReads, type DeadLetter } from '../../src/analytics/read/redrive-reads.ts'
import { createSystemClock } from '../../src/clock.ts'
import type { Owner } from '../../src/model/environments.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { patient } from '../support/patience.ts'
import { TIMES } from '../support/searches.ts'
import { attempt, matched, NOON } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'
import { DAY_MS, emit, rowsOf, WEBHOOKS } from './random-histories.ts'

const clock = createSystemClock()
let client: AnalyticsClient
let reads: Reads
let redrives: ReturnType<typeof createRedriveReads>
beforeAll(async () => {
  client = await migratedDatabase()
  reads = createReads(client)
  redrives = createRedriveReads(client)
})
afterAll(() => client?.close())

const STATUSES = ['pending', 'success', 'retrying', 'failed', 'cancelled', 'skipped'] as const
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

/** All that are found of one webhook, as a redrive reads them. */
async function inOrder(own: Owner, webhookId: string, limit: number): Promise<string[]> {
  const any = { type: null, errorKind: null, responseStatus: null, from: null, to: null }
  const of = { ...own, ...any, webhookId, oldestEvent: 'evt_', asOf: '2100-01-01T00:00:00.000Z' }
  const found: DeadLetter[] = []
  for (let from = 0; ; from = found.at(-1)!.sequence + 1) {
    const page = await redrives.deadLettersInOrder(of, from, limit)
    if (page.length === 0) break
    found.push(...page)
  }
  const numbers = found.map(({ sequence }) => sequence)
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  const ids = found.filter(({ isTakenUp }) => !isTakenUp).map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  return ids
}

function checkCounts(counts: DeadLetterCount[], dead: Delivery[]): void {
  for (const { webhookId, eventType, ...count } of counts) {
    const own = dead.filter(one => one.webhookId === webhookId && one.eventType === eventType)
    const numbers = own.map(({ sequence }) => sequence)
    const times = own.map(({ createdAt }) => createdAt).sort()
    expect(count).toEqual({
      ...{ count: own.length, gone: 0, oldestAt: times[0], newestAt: times.at(-1) },
      ...{ fromSequence: Math.min(...numbers), throughSequence: Math.max(...numbers) },
    })
  }
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(dead.length)
}

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
          const [any] = all
          const searches: Array<[object, (one: Delivery) => boolean]> = [
            ...filters,
            ...STATUSES.map(status => [{ status }, (one: Delivery) => one.status === status]),
            [{ webhookId: WEBHOOKS[0] }, one => one.webhookId === WEBHOOKS[0]],
            [{ trigger: 'live' }, one => one.trigger === 'live'],
            [{ trigger: 'replay' }, one => one.trigger === 'replay'],
            [{ errorKind: 'status' }, one => one.lastErrorKind === 'status'],
            [{ responseStatus: 200 }, one => one.responseStatus === 200],
            [{ eventId: any!.eventId }, one => one.eventId === any!.eventId],
            [
              { status: 'failed', errorKind: 'status' },
              one => one.status === 'failed' && one.lastErrorKind === 'status',
            ],
            [{ status: 'success', eventId: 'evt_none' }, () => false],
          ] as Array<[object, (one: Delivery) => boolean]>
          for (const [filter, shows] of searches) {
            const listed = await allPages(cursor => reads.searchDeliveries({ ...own, limit, cursor, ...filter }))
            expect({ filter, listed }).toEqual({ filter, listed: newestFirst(all.filter(shows)) })
          }
          const dead = await allPages(cursor => reads.listDeadLetters({ ...own, limit, cursor }))
          expect(dead).toEqual(newestFirst(all.filter(({ status }) => status === 'failed')))
          const counts = await reads.countDeadLetters({ ...own, oldestEvent: 'evt_' })
          checkCounts(counts, dead)
          for (const error of [{ errorKind: 'status' }, { responseStatus: 200 }] as const) {
            const of = await allPages(cursor => reads.listDeadLetters({ ...own, ...error, limit, cursor }))
            checkCounts(await reads.countDeadLetters({ ...own, ...error, oldestEvent: 'evt_' }), of)
          }
          for (const webhookId of WEBHOOKS) {
            const letters = dead.filter(one => one.webhookId === webhookId).map(({ id }) => id)
            expect((await inOrder(own, webhookId, limit)).sort()).toEqual(letters.sort())
          }
          for (const { eventId } of history.verdicts.filter(row => row.verdict === 'accepted')) {
            const { deliveries } = (await reads.eventHistory(own.organizationId, 'live', eventId!))!
            const ofEvent = all.filter(one => one.eventId === eventId && one.reason !== 'selector_mismatch')
            expect(newestFirst(deliveries)).toEqual(newestFirst(ofEvent))
          }
        },
      ),
      RUNS,
    )
  }, 600_000)

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
            for (const filter of [
              ...[{}, { name: 'shop.other' }, { from: cut }, { to: cut }, { webhookId: WEBHOOKS[0] }],
              ...[{ noSubscriber: true }, { verdict: 'accepted' }, { channel: 'platform' }, { subject: 'order-1' }],
            ] as Array<Partial<EmitFilter>>) {
              const listed = await allPages(cursor => reads.listEmits({ ...own, status, limit, cursor, ...filter }))
              const expected = all.filter(
                one =>
                  (status === undefined || one.state === status) &&
                  (filter.name === undefined || one.name === filter.name) &&
                  (filter.verdict ?? one.verdict) === one.verdict &&
                  (filter.channel ?? one.channel) === one.channel &&
                  (filter.subject ?? one.subject) === one.subject &&
                  (filter.webhookId === undefined ||
                    one.webhooks.some(each => each.webhookId === filter.webhookId && each.skipped === null)) &&
                  (filter.noSubscriber !== true || (one.verdict === 'accepted' && one.subscriberCount === 0)) &&
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
  }, 600_000)
})

/** Each is a history of its own in the database, with some hundred queries. */
/** The same histories each time; `CLARION_LISTS_SEED` looks at others. */
const RUNS = { seed: Number(process.env.CLARION_LISTS_SEED ?? 1), numRuns: 2 * TIMES, endOnFailure: true }
/** A busy machine takes long for one: no other is begun after this time. */
const BEGIN_WITHIN_MS = patient(10_000) * TIMES
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
