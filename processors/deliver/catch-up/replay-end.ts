/**
 * The end of a replay to one target is written once the history has all its deliveries, so that its final figures are
 * right.
 */
import type { ReplayOutcomes } from '../../../src/analytics/read/replay-reads.ts'
import type { Clock } from '../../../src/clock.ts'
import type { Replays } from '../../../src/control-plane/replays/replays.ts'
import type { Replay } from '../../../src/model/replays.ts'
import type { TargetProgress } from '../../../src/replay/ways/ends.ts'
import type { ReplayTargetPorts } from './replay-targets.ts'

/**
 * A history that is further behind does not delay the end. A replay that was cut short has deliveries in flight, which
 * are not waited for.
 */
const LAG = { mostMs: 30_000, everyMs: 200 } as const

/** Rejects when history or control plane are unavailable; the caller repeats it. */
export function createReplayEnd(deps: {
  outcomes(replay: Replay): Promise<ReplayOutcomes>
  end: Replays['endTarget']
  clock: Clock
}): ReplayTargetPorts['ended'] {
  const { clock } = deps
  return async (replay, target, end, progress) => {
    const { matched, expired, skipped, failed } = progress
    const known = { matched, expired, skipped, failed, processed: sumOf(progress), succeeded: progress.handedOver }
    // Nothing that only the history knows of.
    if (replay.dryRun || known.processed === matched) return deps.end(replay, target, end, known)
    const deadlineMs = clock.monotonicMs() + (end.state === 'completed' ? LAG.mostMs : 0)
    for (;;) {
      const found = (await deps.outcomes(replay)).get(target.id)
      if (found && (found.processed >= matched || clock.monotonicMs() >= deadlineMs))
        return deps.end(replay, target, end, { matched, expired, ...countsOf(found) })
      await clock.sleep(LAG.everyMs)
    }
  }
}

const sumOf = ({ handedOver, skipped, failed }: TargetProgress): number => handedOver + skipped + failed

const countsOf = ({ processed, succeeded, failed, skipped }: NonNullable<ReturnType<ReplayOutcomes['get']>>) => ({
  processed,
  succeeded,
  failed,
  skipped,
})
