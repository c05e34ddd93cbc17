/**
 * Random histories of one shard, and the invariants of all of them: every delivery ends once, every emit is completed
 * exactly when its last delivery has ended, and nothing is owed when all endpoints are healthy.
 */
import fc from 'fast-check'
import type { CatchUpSources } from '../../../processors/deliver/catch-up/catch-ups.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { AttemptRow } from '../../../topics/audit-attempts.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { Answer, MemoryShard, MemoryShardOptions } from './memory-shard.ts'
import { createMemoryShard } from './memory-shard.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const WEBHOOKS = ['wh_a', 'wh_b', 'wh_c'] as const
type WebhookId = (typeof WEBHOOKS)[number]

export type Command =
  | {
      do: 'emit'
      webhooks: WebhookId[]
      count: number
      subject: string | null
      late: boolean | number
      unlisted: boolean
    }
  | { do: 'answer'; webhook: WebhookId; answer: Answer | 'half' }
  | { do: 'pause'; webhook: WebhookId }
  | { do: 'activate'; webhook: WebhookId; latest: boolean }
  | { do: 'patch'; webhook: WebhookId; change: 'url' | 'selectors' | 'maxInFlight' | 'schedule' }
  | { do: 'delete'; webhook: WebhookId }
  | { do: 'cancel'; webhook: WebhookId; at: number }
  | { do: 'retry'; at: number; resume: boolean }
  | { do: 'redrive'; webhook: WebhookId }
  | { do: 'replay'; webhook: WebhookId }
  | { do: 'grow' }
  | { do: 'markers' }
  | { do: 'drop'; olderMs: number }
  | { do: 'history'; is: 'away' | 'behind' | 'well' }
  | { do: 'stall'; ms: number }
  | { do: 'move'; orderly: boolean }
  | { do: 'crash'; afterCommit: boolean }
  | { do: 'advance'; ms: number; steps: number }

const webhook = fc.constantFrom(...WEBHOOKS)
const answer = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Answer>('ok') },
  { weight: 3, arbitrary: fc.constant<Answer>('fail') },
  { weight: 1, arbitrary: fc.constant<Answer>('hang') },
  { weight: 1, arbitrary: fc.constant<Answer>('gone') },
  { weight: 1, arbitrary: fc.constant<Answer>({ laterMs: 5_000, ok: true }) },
  { weight: 1, arbitrary: fc.constant('half' as const) },
  { weight: 1, arbitrary: fc.constant<Answer>({ status: 503, headers: { 'retry-after': '90' } }) },
)

export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('emit' as const),
      webhooks: fc.subarray([...WEBHOOKS], { minLength: 1 }),
      count: fc.integer({ min: 1, max: 12 }),
      subject: fc.constantFrom(null, 'a', 'b'),
      // Until their markers are released, or for a time.
      late: fc.constantFrom<boolean | number>(false, false, true, 700, 20_000),
      unlisted: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), webhook, answer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const), webhook }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('activate' as const), webhook, latest: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('patch' as const),
      webhook,
      change: fc.constantFrom('url', 'selectors', 'maxInFlight', 'schedule'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), webhook: fc.constant('wh_c' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), webhook, at: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), at: fc.nat(200), resume: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const), webhook }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const), webhook }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('grow' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('markers' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('drop' as const), olderMs: fc.constantFrom(0, 10_000, 600_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('history' as const), is: fc.constantFrom('away', 'behind', 'well') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.constantFrom(800, 3_000, 70_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), orderly: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('crash' as const), afterCommit: fc.boolean() }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 100, 1_500, 5_000, 40_000, 120_000, 900_000),
      steps: fc.integer({ min: 1, max: 6 }),
    }),
  },
) as fc.Arbitrary<Command>

export interface Model {
  shard: MemoryShard
  run(command: Command): Promise<void>
  /** All endpoints are healthy, all webhooks active: everything ends. */
  rest(): Promise<void>
  check(): void
}

export async function createModel(
  options: MemoryShardOptions & { ordering?: 'none' | 'block' | 'park' } = {},
): Promise<Model> {
  const { ordering = 'none', ...more } = options
  const limits = { waitingMax: 8, waitingFairShare: 3, waitingFailingMax: 4, queuedMax: 6, keptMax: 6, fedAheadMax: 16 }
  const events: Array<{ event: EventFacts; webhooks: readonly string[] }> = []
  const deleted = new Set<string>()
  const byHand = new Set<string>()
  let isRedriven = false
  const history: History = { is: 'well' }
  const sources = { ...historyOf(events, history), deliveries, delivered }
  const shard: MemoryShard = createMemoryShard({ limits, sources, overrides: { reportHealth }, ...more })
  for (const id of WEBHOOKS) {
    shard.webhook(id, {
      maxInFlight: 3,
      retryDelaysMs: [0, MINUTE, 5 * MINUTE],
      timeoutMs: 10_000,
      ordering: id === 'wh_a' ? ordering : 'none',
    })
  }
  shard.open()
  await shard.settle()

  async function deliveries(_log: object, ids: string[]) {
    throwIfAway(history)
    return history.is === 'behind' ? [] : shard.deadLetters(ids)
  }

  async function delivered() {
    throwIfAway(history)
    return new Map<string, number>()
  }

  /** As the control plane does. */
  async function reportHealth({ webhookId, deactivate }: { webhookId: string; deactivate: boolean }): Promise<void> {
    if (deactivate && !deleted.has(webhookId)) shard.webhook(webhookId, { active: false })
  }

  function apply(of: Command): void {
    if ('webhook' in of && deleted.has(of.webhook)) return
    if (of.do === 'emit') {
      const webhooks = of.webhooks.filter(id => !deleted.has(id))
      if (webhooks.length === 0) return
      const late = of.late === false ? {} : { isLate: true, ...(of.late === true ? {} : { lateMs: of.late }) }
      for (let at = 0; at < of.count; at++)
        events.push({
          webhooks,
          event: shard.emit(webhooks, { subject: of.subject, isUnlisted: of.unlisted, ...late }),
        })
    } else if (of.do === 'answer') {
      if (of.answer === 'half') shard.answer(of.webhook, (_request, number) => (number % 2 === 0 ? 'ok' : 'fail'))
      else shard.answer(of.webhook, of.answer)
    } else if (of.do === 'pause') shard.webhook(of.webhook, { active: false })
    else if (of.do === 'activate') {
      const resumeAfter = of.latest ? { resumeAfter: new Date(shard.clock.nowMs()).toISOString() } : {}
      shard.webhook(of.webhook, { active: true, ...resumeAfter })
    } else if (of.do === 'patch') {
      if (of.change === 'url') shard.webhook(of.webhook, { url: `http://${of.webhook.replace('_', '-')}.test/other` })
      else if (of.change === 'selectors') shard.webhook(of.webhook, { events: ['nothing.of.this'] })
      else if (of.change === 'schedule')
        shard.webhook(of.webhook, { retryDelaysMs: [0, 10 * SECOND, 20 * SECOND, 2 * MINUTE] })
      else shard.webhook(of.webhook, { maxInFlight: 1 })
    } else if (of.do === 'delete') {
      deleted.add(of.webhook)
      shard.webhook(of.webhook, null)
    } else if (of.do === 'cancel') {
      const chosen = events[of.at % Math.max(1, events.length)]
      if (chosen?.webhooks.includes(of.webhook)) shard.cancel(of.webhook, chosen.event)
    } else if (of.do === 'retry') retry(of.at, of.resume)
    else if (of.do === 'redrive') {
      isRedriven = true
      shard.redrive(of.webhook)
    } else if (of.do === 'replay') shard.replay(of.webhook)
    else if (of.do === 'grow') shard.grow()
    else if (of.do === 'markers') shard.settleMarkers()
    else if (of.do === 'drop') shard.dropLogBefore(shard.clock.nowMs() - of.olderMs)
    else if (of.do === 'history') {
      history.is = of.is
      // It never lags by more than an hour.
      shard.clock.after(20 * MINUTE, () => {
        history.is = 'well'
      })
    } else if (of.do === 'stall') {
      shard.holdCommits(true)
      shard.clock.after(of.ms, () => shard.holdCommits(false))
    }
  }

  /** As the api does: deliveries that have ended, as far as the history shows. */
  function retry(at: number, resume: boolean): void {
    const row = shard.rows[at % Math.max(1, shard.rows.length)]
    const newest = row && shard.rows.findLast(({ deliveryId }) => deliveryId === row.deliveryId)
    if (!newest || (newest.state !== 'success' && newest.state !== 'failed') || deleted.has(newest.webhookId)) return
    const found = events.find(({ event }) => event.eventId === newest.eventId)
    if (!found) return
    byHand.add(newest.deliveryId)
    shard.retry(newest, resume, found.event)
  }

  function check(): void {
    if (shard.failures.length > 0) throw shard.failures[0]
    const ends = new Map<string, string[]>()
    const numbers = new Map<string, number>()
    for (const { eventId, webhookId, deliveryId, state, number, attemptId, trigger } of shard.rows) {
      const key = `${eventId} ${webhookId}`
      if (attemptId !== null) {
        const before = numbers.get(deliveryId) ?? 0
        if (number !== before + 1) throw new Error(`${key}: attempt ${number} after ${before}`)
        numbers.set(deliveryId, number)
      }
      if (trigger === 'manual' && state === 'skipped') throw new Error(`${key}: a retry by hand was skipped`)
      // Manual retries and replays do not change how an emit ended.
      if (trigger !== 'live') continue
      if (state !== 'retrying') ends.set(key, [...(ends.get(key) ?? []), state])
    }
    const completed = new Map<string, string[]>()
    for (const { eventId, state } of shard.completions)
      completed.set(eventId, [...(completed.get(eventId) ?? []), state])
    for (const { event, webhooks } of events) {
      const name = `event ${event.sequence}`
      const states = webhooks.map(id => ends.get(`${event.eventId} ${id}`) ?? [])
      for (const [at, list] of states.entries())
        if (list.length > 1) throw new Error(`${name} for ${webhooks[at]} ended ${list.length} times: ${list}`)
      const completions = completed.get(event.eventId) ?? []
      if (completions.length > 1) throw new Error(`${name} was completed ${completions.length} times`)
      const isOver = states.every(list => list.length === 1)
      if (isOver !== (completions.length === 1))
        throw new Error(
          `${name} ${isOver ? 'has ended and is not completed' : 'is completed and has not ended'}: ${JSON.stringify(states)}`,
        )
      const expected = states.some(list => list.includes('failed')) ? 'FAILED' : 'DELIVERED'
      if (isOver && completions[0] !== expected) throw new Error(`${name} is ${completions[0]}, not ${expected}`)
    }
    if (ordering === 'block') checkOrder()
  }

  /** Of the ordered webhook, no later delivery of a subject overtakes. */
  function checkOrder(): void {
    const last = new Map<string, number>()
    // Rows of manual retries may not have committed yet.
    const isManual = ({ trigger, state, reason }: AttemptRow) =>
      trigger !== 'live' || (isRedriven && (state === 'failed' || reason === 'left_out'))
    const manual = new Set([...byHand, ...shard.rows.filter(isManual).map(({ deliveryId: id }) => id)])
    const live = new Set(
      events.flatMap(({ event }) => WEBHOOKS.map(id => deliveryId(event.eventId, id))).filter(id => !manual.has(id)),
    )
    for (const { webhookId, subject, sequence, deliveryId: id } of shard.requests) {
      if (webhookId !== 'wh_a' || !live.has(id)) continue
      const before = last.get(String(subject)) ?? 0
      if (sequence < before) throw new Error(`event ${sequence} about ${subject} was sent after ${before}`)
      last.set(String(subject), sequence)
    }
  }

  return {
    shard,
    async run(of) {
      if (of.do === 'crash') {
        // A process that dies gets no answers; its requests in flight are sent again.
        await shard.restart(of.afterCommit)
      } else if (of.do === 'move') await shard.move(of.orderly)
      else if (of.do === 'advance') await shard.advance(of.ms, Math.max(1, Math.ceil(of.ms / of.steps)))
      else {
        apply(of)
        if (of.do !== 'emit' || of.count % 2 === 0) await shard.settle()
      }
      check()
    },
    async rest() {
      shard.settleMarkers()
      shard.holdCommits(false)
      history.is = 'well'
      // Attempts in flight may still disable a webhook.
      for (const id of WEBHOOKS) shard.answer(id, 'ok')
      await shard.advance(15 * SECOND, SECOND, 6)
      for (const id of WEBHOOKS) {
        if (deleted.has(id)) continue
        shard.webhook(id, { active: true, url: `http://${id.replace('_', '-')}.test/` })
      }
      await shard.advance(60 * MINUTE, 5 * SECOND, 6)
      // The last failure is remembered until a success.
      apply({ do: 'emit', webhooks: [...WEBHOOKS], count: 1, subject: null, late: false, unlisted: false })
      await shard.advance(MINUTE, 5 * SECOND, 6)
      check()
      for (const { event, webhooks } of events) {
        for (const id of webhooks) {
          const found = shard.rows.filter(
            row =>
              row.eventId === event.eventId &&
              row.webhookId === id &&
              row.state !== 'retrying' &&
              row.trigger === 'live',
          )
          if (found.length !== 1) throw new Error(`event ${event.sequence} for ${id} has ${found.length} ends at rest`)
        }
      }
      const newest = new Map(shard.rows.map(row => [row.deliveryId, row]))
      for (const { deliveryId: id, sequence, webhookId, state, reason } of newest.values())
        if (state === 'retrying')
          throw new Error(`${id} of event ${sequence} to ${webhookId} is ${state} (${reason}) at rest`)
      for (const prefix of [
        'parked/',
        'owed/',
        'early/',
        'open/',
        'failed/',
        'endpoint/',
        'lane/',
        'redrive/',
        'replay/',
      ]) {
        const left = shard.state(prefix)
        if (left.length > 0) throw new Error(`at rest ${left.map(({ key }) => key!.toString())} is stored`)
      }
    },
    check,
  }
}

interface History {
  is: 'away' | 'behind' | 'well'
}

function throwIfAway({ is }: History): void {
  if (is === 'away') throw new Error('The history is away')
}

/** All accepted events; none while it is behind. */
function historyOf(
  accepted: ReadonlyArray<{ event: EventFacts; webhooks: readonly string[] }>,
  history: History,
): Partial<CatchUpSources> {
  const known = () => {
    throwIfAway(history)
    return history.is === 'behind' ? [] : accepted
  }
  return {
    subscribers: async (_log, wanted) => {
      const events = known()
      const ids = new Set(wanted.map(({ emitId }) => emitId))
      return new Map(
        events
          .filter(({ event }) => ids.has(event.emitId))
          .map(({ event, webhooks }) => [event.eventId, [...webhooks]]),
      )
    },
    eventsOf: async (_log, { from, through }) =>
      known()
        .filter(({ event }) => event.sequence >= from && event.sequence <= through)
        .map(({ event, webhooks }) => ({ event, webhookIds: [...webhooks] })),
  }
}
