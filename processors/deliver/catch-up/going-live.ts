/**
 * A webhook is live again when all of its segments and early entries has begun: events that came since, and are not
 * written yet, go on live behind it. Deliveries that are still out keep a segment that is draining, which ends when all
 * of it has left.
 */
import type { Clock } from '../../../src/clock.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/records.ts'
import type { DeliverLimits } from '../limits.ts'
import type { OpenEvents } from '../state/open-events.ts'
import { type OwedRange, SEGMENTS_MAX } from '../state/owed-range.ts'
import type { WebhookStates } from '../state/webhook-states.ts'
import { isKept } from './absorbing.ts'
import type { OwingShard } from './owing-shard.ts'
import { type Arrival, isFeeding, type Life, type Lives } from './webhook-life.ts'

export interface GoingLive {
  /** Everything that was owed has begun. */
  dry(life: Life): void
  endIfEmpty(life: Life): void
  end(life: Life): void
}

export function createGoingLive(deps: {
  handle: ShardHandle
  states: Pick<WebhookStates, 'end'>
  events: Pick<OpenEvents, 'unabsorb'>
  lives: Lives
  limits: DeliverLimits
  clock: Clock
  shard: Pick<OwingShard, 'take' | 'waiting' | 'lined'>
  webhookOf(range: OwedRange): Webhook | undefined
  flushOf(life: Life): void
  onTransition(from: string, to: string): void
  onEnd(): void
}): GoingLive {
  const { handle, limits, shard } = deps

  /** In an ordered lane nothing may overtake a delivery that is out, as events after a restart would. */
  const mustWait = ({ range }: Life, { ordering }: Webhook) =>
    ordering !== 'none' && (range.outstanding() > 0 || range.early.size() > 0 || range.skipped().size > 0)

  /** Deliveries that were queued when the range opened go first. */
  function isQueued({ pending }: Life, { id }: Webhook): boolean {
    if (shard.lined(id) > limits.linedMax / 2) return true
    return shard.waiting(id) + pending.length > Math.max(limits.waitingFairShare, limits.waitingMax / 2)
  }

  function goOn({ event, payload, webhookId, source, createdAtMs }: Arrival): void {
    deps.events.unabsorb(event, webhookId, source.webhookIds ?? [webhookId])
    const dueAtMs = Math.min(createdAtMs, Math.round(deps.clock.nowMs()))
    const id = deliveryId(event.eventId, webhookId)
    const facts = { event, payload, webhookId, deliveryId: id, attempts: 0, dueAtMs, createdAtMs }
    shard.take({ ...facts, trigger: 'live', replayId: null, once: false }, { source, countedAs: 'hand', fresh: true })
  }

  function close({ range }: Life, from: string): void {
    range.isOpen = false
    range.close('draining')
    deps.onTransition(from, 'live')
  }

  function endIfEmpty(life: Life): void {
    const { range } = life
    if (range.isOpen || !range.isEmpty() || range.outstanding() > 0) return
    end(life)
  }

  function end(life: Life): void {
    deps.lives.drop(life)
    deps.states.end(life.range.webhookId)
    deps.onEnd()
    handle.write([])
  }

  return {
    endIfEmpty,
    end,
    dry(life) {
      const { range } = life
      // A probe found nothing: everything has ended, and no event has come since.
      if (range.isOpen && life.isProbing && range.isEmpty() && range.outstanding() === 0 && life.pending.length === 0)
        close(life, 'held')
      if (!isFeeding(range) || !range.isOpen) {
        endIfEmpty(life)
        return
      }
      const webhook = deps.webhookOf(range)
      if (!webhook?.active) return
      const areKept = life.pending.every(({ arrival, left }) => left || isKept(arrival))
      if (mustWait(life, webhook) || isQueued(life, webhook) || !areKept || range.segments.length >= SEGMENTS_MAX) {
        deps.flushOf(life)
        return
      }
      const behind = life.pending
      life.pending = []
      range.expectNothing()
      close(life, range.cause)
      endIfEmpty(life)
      for (const { arrival, left } of behind) if (!left) goOn(arrival)
      handle.write([])
    },
  }
}
