/** The events that a replay takes to a target, apart from the history's knowledge of them. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { conditionsHold } from '../../events/conditions-hold.ts'
import { createSelectorIndex, type Selectable, type SelectorIndex } from '../../events/selector.ts'
import { parseJson } from '../../json/json.ts'
import type { ConditionGroup } from '../../model/conditions.ts'
import { isLifecycleType } from '../../model/names.ts'
import type { Replay } from '../../model/replays.ts'
import type { OwnSelection } from './owner.ts'

export type Match = 'yes' | 'no' | 'condition_false'

export interface Matching {
  /** By names alone: `no` is final, `yes` leaves subject, time and conditions. */
  byName(event: Selectable): boolean
  /** In the range, by subject and by conditions. */
  match(event: EventFacts, payload: Buffer | null): Match
}

/** `own`: of the target, as it is now. */
export function createMatching(replay: Replay, own: OwnSelection): Matching {
  const named = indexOf(replay.selectors)
  const isListed = replay.eventIds !== undefined
  // Events that are named one by one need no selector of the webhook.
  const isOwn = own.isFixed || replay.targetKind === 'original' || (named === undefined && !isListed)
  const ownIndex = isOwn ? indexOf(own.selectors, true) : undefined
  const conditions = replay.conditions ?? null
  const ownConditions = isOwn ? own.conditions : null
  const fromMs = Date.parse(replay.from)
  const toMs = Date.parse(replay.to)

  function byName(event: Selectable): boolean {
    if (ownIndex && ownIndex.match(event).length === 0) return false
    if (named) return named.match(event).length > 0
    return isListed || replay.includeLifecycle === true || !isLifecycleType(event.type)
  }

  return {
    byName,
    match(event, payload) {
      if (!isListed && (event.recordedAtMs < fromMs || event.recordedAtMs >= toMs)) return 'no'
      if (own.ownEventsOnly && event.federation !== null) return 'no'
      if (typeof replay.subject === 'string' && event.subject !== replay.subject) return 'no'
      if (!byName(event)) return 'no'
      // Nobody can say any more whether the conditions of an erased event held.
      if ((conditions === null && ownConditions === null) || payload === null) return 'yes'
      const parsed = parseJson(payload, { depthMax: Number.POSITIVE_INFINITY, duplicateKeys: 'refuse' })
      if (!parsed.ok) return 'no'
      const holds = (each: ConditionGroup | null) => each === null || conditionsHold(each, event, parsed.value)
      if (!holds(conditions)) return 'no'
      return holds(ownConditions) ? 'yes' : 'condition_false'
    },
  }
}

/** Undefined: nothing was chosen by selectors. `always`: an empty list selects nothing. */
function indexOf(selectors: readonly string[], always = false): SelectorIndex<true> | undefined {
  if (selectors.length === 0 && !always) return undefined
  return createSelectorIndex([{ selectors, value: true as const }])
}
