/** Composes the role `queue`. */
import { createQueueProcessor } from '../../processors/queue/index.ts'
import { createPlacedEvents } from '../../processors/queue/placed-events.ts'
import { createRedeliveryReads } from '../analytics/read/redelivery-reads.ts'
import { EVENT_RETENTION_MS } from '../control-plane/replays/replays.ts'
import { createLogEnds } from '../kafka/read/log-ends.ts'
import { createLogPages } from '../kafka/read/log-pages.ts'
import type { Replay, ReplayTarget } from '../model/replays.ts'
import type { TargetEnd, TargetProgress } from '../replay/ways/ends.ts'
import type { Streaming } from '../streaming/streaming.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export function startQueue(parts: Parts, log: Streaming): void {
  const { wire, controlPlane, view, clock, logger, provisioning, metrics } = parts
  const { shards } = provisioning
  const { numbersOfEmits } = createRedeliveryReads(parts.analytics)
  const replays = {
    listed: createPlacedEvents({
      sequences: log.sequences,
      history: {
        numbers: (owner, emitIds) =>
          numbersOfEmits(owner, emitIds, new Date(clock.nowMs() - EVENT_RETENTION_MS).toISOString()),
      },
    }),
    log: { pages: createLogPages({ wire, clock }), ends: createLogEnds({ wire }) },
    onItem: metrics.deliver.replayItem,
    async pause(replay: Replay, reason: string) {
      await controlPlane.replays.hold(replay, reason)
    },
    /** All is known of it: an event is handed out, or skipped. */
    ended: (replay: Replay, target: ReplayTarget, end: TargetEnd, { handedOver, ...counts }: TargetProgress) =>
      controlPlane.replays.endTarget(replay, target, end, {
        ...{ ...counts, succeeded: handedOver, processed: handedOver + counts.skipped + counts.failed },
      }),
  }
  runProcessor(parts, createQueueProcessor({ view, log, replays, shards, clock, logger, observe: metrics.queues }))
}
