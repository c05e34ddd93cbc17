/**
 * Ends many deliveries at a time without an attempt: rows, completions, announcements, and one record of dead letters.
 */
import type { Clock } from '../../../src/clock.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import { deliveryId as deliveryIdOf } from '../../../src/model/ids.ts'
import type { SubjectLanes } from '../dispatch/subject-lanes.ts'
import type { ManualRetries } from '../state/manual-retries.ts'
import type { OpenEvents } from '../state/open-events.ts'
import type { Announcements } from './announcements.ts'
import type { BulkEnded } from './bulk-ended.ts'
import { bulkRow, deadLetters, type Outputs } from './outputs.ts'

export type EndInBulk = (ended: BulkEnded[]) => void

export function createEndInBulk(deps: {
  handle: ShardHandle
  clock: Clock
  outputs: Outputs
  events: OpenEvents
  lanes: SubjectLanes
  manualRetries: Pick<ManualRetries, 'endedUntried'>
  announce: Announcements
  /** This many deliveries have ended. */
  onBulkEnd?: ((reason: string, count: number) => void) | undefined
}): EndInBulk {
  const { handle, clock, outputs, events, lanes, manualRetries, announce } = deps

  return ended => {
    if (ended.length === 0) return
    const nowMs = clock.nowMs()
    for (const each of ended) {
      outputs.attempted(bulkRow(each, nowMs))
      const failed = each.state === 'failed'
      const { event, keys, entry, range, deliveryId } = each
      if (entry?.trigger === 'manual') manualRetries.endedUntried(deliveryId, entry.attempts)
      else if (entry && isLive(each)) lanes.endedElsewhere(range.webhookId, event.subject, event.sequence)
      const done = keys
        ? event.sequence > range.closedThrough && events.endOfRange(event, keys, range.key, { failed, nowMs })
        : entry?.isCounted && events.end(event, 'away', failed, nowMs)
      if (!done) continue
      outputs.completed(done.completion)
      announce.completed(event, done.completion.state, done.deliveries)
    }
    announce.endedInBulk(ended)
    handle.write(ended[0]!.state === 'failed' ? [deadLetters(ended, handle.shard)] : [])
    deps.onBulkEnd?.(ended[0]!.reason, ended.length)
  }
}

/** Deliveries of replays have ids of their own, and are in no lane. */
const isLive = ({ deliveryId, event, range }: BulkEnded): boolean =>
  deliveryId === deliveryIdOf(event.eventId, range.webhookId)
