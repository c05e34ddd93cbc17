/**
 * Random histories of one shard, and the invariants of all of them: every delivery ends once, every emit is completed
 * exactly when its last delivery has ended, and nothing is owed when all endpoints are healthy.
 */
import type { Answer, MemoryShard, MemoryShardOptions } from './memory-shard.ts'
import { createMemoryShard } from './memory-shard.ts'
import { type Command, WEBHOOKS } from './model/commands.ts'
import { type Accepted, type History, historyOf, throwIfAway } from './model/history.ts'
import { checkAttempts, checkEnds, checkOrder, checkRest } from './model/invariants.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const LIMITS = { waitingMax: 8, waitingFairShare: 3, waitingFailingMax: 4, queuedMax: 6, keptMax: 6, fedAheadMax: 16 }

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
  const events: Accepted[] = []
  const deleted = new Set<string>()
  const byHand = { ids: new Set<string>(), isRedriven: false }
  const history: History = { is: 'well' }
  const sources = { ...historyOf(events, history), deliveries, delivered }
  const shard: MemoryShard = createMemoryShard({ limits: LIMITS, sources, overrides: { reportHealth }, ...more })
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

  /** Changes the shard or its surroundings; the webhook of the command exists. */
  const appliers: { [D in Applied['do']]: (of: Extract<Applied, { do: D }>) => void } = {
    emit({ webhooks: chosen, count, subject, late, unlisted }) {
      const webhooks = chosen.filter(id => !deleted.has(id))
      if (webhooks.length === 0) return
      const markers = late === false ? {} : { isLate: true, ...(late === true ? {} : { lateMs: late }) }
      for (let at = 0; at < count; at++)
        events.push({ webhooks, event: shard.emit(webhooks, { subject, isUnlisted: unlisted, ...markers }) })
    },
    answer: ({ webhook, answer }) => shard.answer(webhook, answer === 'half' ? everySecond : answer),
    pause: ({ webhook }) => shard.webhook(webhook, { active: false }),
    activate({ webhook, latest }) {
      const resumeAfter = latest ? { resumeAfter: new Date(shard.clock.nowMs()).toISOString() } : {}
      shard.webhook(webhook, { active: true, ...resumeAfter })
    },
    patch: ({ webhook, change }) => shard.webhook(webhook, patchOf(webhook, change)),
    delete({ webhook }) {
      deleted.add(webhook)
      shard.webhook(webhook, null)
    },
    cancel({ webhook, at }) {
      const chosen = events[at % Math.max(1, events.length)]
      if (chosen?.webhooks.includes(webhook)) shard.cancel(webhook, chosen.event)
    },
    retry: ({ at, resume }) => retry(at, resume),
    redrive({ webhook }) {
      byHand.isRedriven = true
      shard.redrive(webhook)
    },
    replay: ({ webhook }) => void shard.replay(webhook),
    grow: () => shard.grow(),
    markers: () => shard.settleMarkers(),
    drop: ({ olderMs }) => shard.dropLogBefore(shard.clock.nowMs() - olderMs),
    history({ is }) {
      history.is = is
      // It never lags by more than an hour.
      shard.clock.after(20 * MINUTE, () => {
        history.is = 'well'
      })
    },
    stall({ ms }) {
      shard.holdCommits(true)
      shard.clock.after(ms, () => shard.holdCommits(false))
    },
  }

  function apply(of: Applied): void {
    if ('webhook' in of && deleted.has(of.webhook)) return
    appliers[of.do](of as never)
  }

  /** As the api does: deliveries that have ended, as far as the history shows. */
  function retry(at: number, resume: boolean): void {
    const row = shard.rows[at % Math.max(1, shard.rows.length)]
    const newest = row && shard.rows.findLast(({ deliveryId }) => deliveryId === row.deliveryId)
    if (!newest || (newest.state !== 'success' && newest.state !== 'failed') || deleted.has(newest.webhookId)) return
    const found = events.find(({ event }) => event.eventId === newest.eventId)
    if (!found) return
    byHand.ids.add(newest.deliveryId)
    shard.retry(newest, resume, found.event)
  }

  function check(): void {
    if (shard.failures.length > 0) throw shard.failures[0]
    checkAttempts(shard)
    checkEnds(shard, events)
    if (ordering === 'block') checkOrder(shard, events, byHand)
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
      checkRest(shard, events)
    },
    check,
  }
}

type Applied = Exclude<Command, { do: 'crash' | 'move' | 'advance' }>

const everySecond = (_request: unknown, number: number): Answer => (number % 2 === 0 ? 'ok' : 'fail')

function patchOf(
  webhook: string,
  change: Extract<Command, { do: 'patch' }>['change'],
): Parameters<MemoryShard['webhook']>[1] {
  if (change === 'url') return { url: `http://${webhook.replace('_', '-')}.test/other` }
  if (change === 'selectors') return { events: ['nothing.of.this'] }
  if (change === 'schedule') return { retryDelaysMs: [0, 10 * SECOND, 20 * SECOND, 2 * MINUTE] }
  return { maxInFlight: 1 }
}
