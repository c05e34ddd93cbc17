/** Replays as callers see them: with their progress, from the history while they run. */
import type { ReplayOutcomes, TargetOutcomes } from '../../analytics/read/replay-reads.ts'
import { type Replay, type ReplayProgress, type ReplayTarget, targetsOf } from '../../model/replays.ts'

/** While the history is unavailable. */
const UNKNOWN = { processed: null, succeeded: null, failed: null, skipped: null, lastRecordedAt: null }
const NONE: TargetOutcomes = { processed: 0, succeeded: 0, failed: 0, skipped: 0, lastRecordedAt: null }

/** `outcomes`: undefined while the history is unavailable. */
export function presentReplay(replay: Replay, outcomes: ReplayOutcomes | undefined): object {
  const { id, environment, revision, createdAt, updatedAt, name, kind, state, stateReason } = replay
  const { requestedBy, startedAt, endedAt, ratePerSecond, onlyFailed } = replay
  const { includeFederation = false, includeLifecycle = false, dryRun = false, force = false } = replay
  const targets = targetsOf(replay).map(target => presentTarget(replay, target, outcomes))
  const isOriginal = replay.targetKind === 'original'
  return {
    ...{ id, revision, createdAt, updatedAt, environment, name, kind },
    source: presentSource(replay),
    target: { kind: replay.targetKind ?? 'webhook', ids: isOriginal ? [] : targets.map(target => target.id) },
    options: { ratePerSecond, onlyFailed, includeFederation, includeLifecycle, dryRun, force },
    ...{ state, stateReason },
    progress: sumOf(targets.map(({ progress }) => progress)),
    targets,
    warnings: replay.warnings ?? [],
    ...{ requestedBy, startedAt, endedAt },
  }
}

function presentSource(replay: Replay): object {
  const { from, to, fromCursor, selectors, subject = null, conditions = null, eventIds } = replay
  const range = eventIds === undefined ? { from: fromCursor ?? from, to } : { from: null, to: null }
  const { deadLetters } = replay
  const failed = deadLetters && {
    ...{ count: deadLetters.count, errorKind: deadLetters.errorKind, responseStatus: deadLetters.responseStatus },
  }
  return { ...range, selectors, subject, conditions, eventIds: eventIds ?? null, deadLetters: failed ?? null }
}

type Shown = { [Field in 'matched' | 'processed' | 'succeeded' | 'failed' | 'skipped']: number | null } & {
  expired: number
  lastRecordedAt: string | null
}

function presentTarget(replay: Replay, target: ReplayTarget, outcomes: ReplayOutcomes | undefined) {
  const { kind, id, state, stateReason, progress } = target
  const found = outcomes === undefined ? undefined : (outcomes.get(id) ?? NONE)
  return { kind, id, state, stateReason, progress: progressOf(replay, progress, found) }
}

/** The history goes on after the end: deliveries are retried. Where it is behind, the figures of the end count. */
function progressOf(replay: Replay, ended: ReplayProgress | null, found: TargetOutcomes | undefined): Shown {
  const matched = ended?.matched ?? null
  const expired = ended?.expired ?? 0
  if (found === undefined) return { matched, ...UNKNOWN, expired }
  // An earlier release counted what it skipped, and wrote no items.
  const skippedBefore = replay.targets === undefined ? (ended?.skipped ?? 0) : 0
  const counted = { ...found, processed: found.processed + skippedBefore, skipped: found.skipped + skippedBefore }
  const { processed, succeeded, failed, skipped } =
    ended !== null && ended.processed > counted.processed ? ended : counted
  return { matched, processed, succeeded, failed, skipped, expired, lastRecordedAt: found.lastRecordedAt }
}

function sumOf(all: Shown[]): Shown {
  const sum = (field: Exclude<keyof Shown, 'lastRecordedAt'>): number | null =>
    all.some(each => each[field] === null) ? null : all.reduce((total, each) => total + each[field]!, 0)
  const times = all.flatMap(({ lastRecordedAt }) => lastRecordedAt ?? [])
  return {
    ...{ matched: sum('matched'), processed: sum('processed'), succeeded: sum('succeeded') },
    ...{ failed: sum('failed'), skipped: sum('skipped'), expired: sum('expired') ?? 0 },
    lastRecordedAt: times.sort().at(-1) ?? null,
  }
}
