/**
 * A webhook is live again when all of its segments and early entries has begun: events that came since, and are not
 * written yet, go on live behind it. Deliveries that are still out keep a segment that is draining, which ends when all
 * of it has left.
 */
import type { Clock } from '../../../src/clock.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { DeliverLimits } from '../limits.ts'
import type { OpenEvents } from '../state/open-events.ts'
import { type OwedRange, SEGMENTS_MAX } from '../state/owed-range.ts'
import type { WebhookStates } from '../state/webhook-states.ts'
import { isKept } from './absorbing.ts'
import type { OwingShard } from './owing-shard.ts'
import { type Arrival, isFeeding, type RangeSession, type RangeSessions } from './range-session.ts'

export interface GoingLive {
  /** Everything that was owed has begun. */
  dry(session: RangeSession): void
  endIfEmpty(session: RangeSession): void
  end(session: RangeSession): void
}

export function createGoingLive(deps: {
  handle: ShardHandle
  states: Pick<WebhookStates, 'end'>
  events: Pick<OpenEvents, 'unabsorb'>
  sessions: RangeSessions
  limits: DeliverLimits
  clock: Clock
  shard: Pick<OwingShard, 'take' | 'waiting' | 'queued'>
  webhookOf(range: OwedRange): Webhook | undefined
  flushOf(session: RangeSession): void
  onTransition(from: string, to: string): void
  onEnd(): void
}): GoingLive {
  const { handle, limits, shard } = deps

  /** In an ordered lane nothing may overtake a delivery that is out, as events after a restart would. */
  const mustWait = ({ range }: RangeSession, { ordering }: Webhook) =>
    ordering !== 'none' && (range.outstanding() > 0 || range.early.size() > 0 || range.skipped().size > 0)

  /** Deliveries that were queued when the range opened go first. */
  function isQueued({ pending }: RangeSession, { id }: Webhook): boolean {
    if (shard.queued(id) > limits.queuedMax / 2) return true
    return shard.waiting(id) + pending.length > Math.max(limits.waitingFairShare, limits.waitingMax / 2)
  }

  function goOn({ event, payload, webhookId, source, createdAtMs }: Arrival): void {
    deps.events.unabsorb(event, webhookId, source.webhookIds ?? [webhookId])
    const dueAtMs = Math.min(createdAtMs, Math.round(deps.clock.nowMs()))
    const id = deliveryId(event.eventId, webhookId)
    const facts = { event, payload, webhookId, deliveryId: id, attempts: 0, dueAtMs, createdAtMs }
    shard.take({ ...facts, trigger: 'live', replayId: null, once: false }, { source, countedAs: 'hand', isNew: true })
  }

  function close({ range }: RangeSession, from: string): void {
    range.isOpen = false
    range.close('draining')
    deps.onTransition(from, 'live')
  }

  function endIfEmpty(session: RangeSession): void {
    const { range } = session
    if (range.isOpen || !range.isEmpty() || range.outstanding() > 0) return
    end(session)
  }

  function end(session: RangeSession): void {
    deps.sessions.drop(session)
    deps.states.end(session.range.webhookId)
    deps.onEnd()
    handle.write([])
  }

  return {
    endIfEmpty,
    end,
    dry(session) {
      const { range } = session
      // A probe found nothing: everything has ended, and no event has come since.
      if (
        range.isOpen &&
        session.isProbing &&
        range.isEmpty() &&
        range.outstanding() === 0 &&
        session.pending.length === 0
      )
        close(session, 'held')
      if (!isFeeding(range) || !range.isOpen) {
        endIfEmpty(session)
        return
      }
      const webhook = deps.webhookOf(range)
      if (!webhook?.active) return
      const areKept = session.pending.every(({ arrival, left }) => left || isKept(arrival))
      if (
        mustWait(session, webhook) ||
        isQueued(session, webhook) ||
        !areKept ||
        range.segments.length >= SEGMENTS_MAX
      ) {
        deps.flushOf(session)
        return
      }
      const behind = session.pending
      session.pending = []
      range.expectNothing()
      close(session, range.cause)
      endIfEmpty(session)
      for (const { arrival, left } of behind) if (!left) goOn(arrival)
      handle.write([])
    },
  }
}
