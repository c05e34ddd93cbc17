/** Decides about the events of a batch at one target of a replay. */
import type { Clock } from '../../clock.ts'
import type { Replay } from '../../model/replays.ts'
import { createMatching } from './matching.ts'
import type { OpenTarget, OwnSelection } from './owner.ts'
import { type Candidate, NotYet, type Stretch } from './way.ts'

/** The history may be behind for this long before the replay is paused. */
const SILENCE_MS = 60_000

/**
 * In the range and selected; then what the history says. An inactive target's events are skipped, unless they wait.
 */
export function createChoose(deps: {
  replay: Replay
  open: OpenTarget
  clock: Clock
  now(): Replay | undefined
  /** Pauses the replay in the control plane, until a caller resumes it. */
  pause(replay: Replay, reason: string): Promise<void>
}): Stretch['choose'] {
  const { replay, open, clock, now } = deps
  let known: { own: OwnSelection; matching: ReturnType<typeof createMatching> } | undefined
  let silentSinceMs: number | undefined

  function matchingNow() {
    const own = open.selection()
    if (!own) return undefined
    if (known?.own !== own) known = { own, matching: createMatching(replay, own) }
    return known.matching
  }

  async function judged(selected: Candidate[]): Promise<Candidate[]> {
    try {
      const found = selected.length === 0 ? [] : await open.judge(selected)
      silentSinceMs = undefined
      return found
    } catch (error) {
      if (error instanceof NotYet) await beSilent()
      throw error
    }
  }

  async function beSilent(): Promise<void> {
    if (now()?.state !== 'running') silentSinceMs = undefined
    else {
      silentSinceMs ??= clock.monotonicMs()
      if (clock.monotonicMs() - silentSinceMs < SILENCE_MS) return
      silentSinceMs = undefined
      await deps.pause(replay, 'history_behind')
    }
  }

  return async (batch: Candidate[]): Promise<Candidate[]> => {
    const matching = matchingNow()
    if (!matching) return []
    const selected: Candidate[] = []
    for (const candidate of batch) {
      const match = matching.match(candidate.event, candidate.payload)
      if (match === 'yes' && isErased(candidate)) selected.push(without(candidate, 'erased'))
      else if (match === 'yes') selected.push(candidate)
      else if (match === 'condition_false') selected.push(without(candidate, 'condition_false'))
    }
    if (open.state() === 'inactive' && replay.force !== true)
      return selected.map(each => (each.without ? each : without(each, 'inactive')))
    const toJudge = selected.filter(each => !each.without)
    const found = new Map((await judged(toJudge)).map(each => [each.number, each]))
    return selected.map(each => found.get(each.number) ?? each)
  }
}

const without = (candidate: Candidate, reason: string): Candidate => ({
  ...candidate,
  without: { outcome: 'skipped', reason },
})

/** The log keeps an erased event's headers. */
const isErased = ({ payload }: Candidate): boolean => payload === null || payload.length === 0
