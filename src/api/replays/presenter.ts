/** Replays as callers see them: with their progress, from the history. */
import type { ReplayOutcomes } from '../../analytics/read/replay-reads.ts'
import type { Replay } from '../../model/records.ts'

/** While the history is unavailable. */
const UNKNOWN = { processed: null, succeeded: null, failed: null, lastRecordedAt: null }

export function presentReplay(replay: Replay, outcomes: ReplayOutcomes | undefined): object {
  const {
    organizationId: _,
    kind,
    from,
    to,
    selectors,
    webhookId,
    ratePerSecond,
    onlyFailed,
    matchedMax: __,
    ...rest
  } = replay
  const { processed, succeeded, failed, lastRecordedAt } = outcomes ?? UNKNOWN
  const { matched = null, skipped = 0 } = replay.progress ?? {}
  const progress = {
    matched,
    processed: processed === null ? null : processed + skipped,
    succeeded,
    failed,
    skipped,
    lastRecordedAt,
  }
  return {
    ...rest,
    kind,
    source: { from, to, selectors },
    target: { kind: 'webhook', ids: [webhookId] },
    options: { ratePerSecond, onlyFailed },
    progress,
  }
}
