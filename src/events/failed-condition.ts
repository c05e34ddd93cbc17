/** The condition that an event does not meet, for a person who asks why it was not delivered. */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { ConditionGroup, ConditionNode } from '../model/conditions.ts'
import { eventRoots, parsePath } from './condition-paths.ts'
import { conditionsHold } from './conditions-hold.ts'

export interface FailedCondition {
  path: string
  operator: string
  expected: unknown
  /** The event's value there; undefined: nothing. */
  actual: unknown
}

/** The first leaf that decides; undefined where the conditions hold. Of alternatives the first is named. */
export function failedCondition(
  conditions: ConditionGroup,
  event: EventFacts,
  payload: unknown,
): FailedCondition | undefined {
  return conditionsHold(conditions, event, payload) ? undefined : firstOf(conditions, event, payload)
}

function firstOf(node: ConditionNode, event: EventFacts, payload: unknown): FailedCondition | undefined {
  if ('path' in node) {
    const { path, operator, value, not = false } = node
    const actual = parsePath(path, eventRoots)?.({ event, payload })
    return { path, operator: not ? `not ${operator}` : operator, expected: value ?? null, actual }
  }
  const parts = 'all' in node ? node.all : node.any
  for (const part of parts) {
    const group = 'path' in part ? { all: [part] } : part
    if (!conditionsHold(group, event, payload)) return firstOf(part, event, payload)
  }
  return undefined
}
