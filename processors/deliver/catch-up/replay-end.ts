/** The end of a replay is written once the history has all its deliveries, so that its final figures are right. */
import type { ReplayOutcomes } from '../../../src/analytics/read/replay-reads.ts'
import type { Clock } from '../../../src/clock.ts'
import type { Replays } from '../../../src/control-plane/replays/replays.ts'
import type { Replay } from '../../../src/model/records.ts'
import type { ReplayPorts } from './replays.ts'

/**
 * A history that is further behind does not delay the end. A replay that was cut short has deliveries in flight, which
 * are not waited for.
 */
const LAG = { mostMs: 30_000, everyMs: 200 } as const

/** Rejects when history or control plane are unavailable; the caller repeats it. */
export function createReplayEnd(deps: {
  outcomes(replay: Replay): Promise<ReplayOutcomes>
  end: Replays['end']
  clock: Clock
}): ReplayPorts['ended'] {
  const { clock } = deps
  return async (replay, state, { matched, skipped }) => {
    const deadlineMs = clock.monotonicMs() + (state === 'completed' ? LAG.mostMs : 0)
    for (;;) {
      const { processed, succeeded, failed } = await deps.outcomes(replay)
      if (processed + skipped >= matched || clock.monotonicMs() >= deadlineMs)
        return deps.end(replay, state, { matched, processed: processed + skipped, succeeded, failed, skipped })
      await clock.sleep(LAG.everyMs)
    }
  }
}
