/**
 * Evaluates conditions for an event. A missing value meets no condition, negated or not, except `exists` and its
 * negation. Conditions are compiled once per object.
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { ConditionGroup, ConditionNode } from '../model/conditions.ts'
import { coerced, isVariable, OPERATORS, PATTERN_WORK, regexOperator, type Work } from './condition-operators.ts'
import { parsePath, type Resolve } from './condition-paths.ts'

type Leaf = Exclude<ConditionNode, ConditionGroup>
type Holds = (event: EventFacts, payload: unknown, work: Work) => boolean

const compiled = new WeakMap<ConditionGroup, Holds>()

/**
 * `payload` is the parsed payload. Conditions that a newer release wrote and this one cannot read hold: an extra event
 * is better than a lost one.
 */
export function conditionsHold(
  conditions: ConditionGroup,
  event: EventFacts,
  payload: unknown,
  work: Work = patternWork(),
): boolean {
  let holds = compiled.get(conditions)
  if (holds === undefined) {
    holds = compiledOr(conditions, () => true)
    compiled.set(conditions, holds)
  }
  return holds(event, payload, work)
}

/** The budget shared by all conditions evaluated for one event. */
export const patternWork = (): Work => ({ left: PATTERN_WORK.event })

function compiledOr(conditions: ConditionGroup, otherwise: Holds): Holds {
  try {
    return compile(conditions)
  } catch {
    return otherwise
  }
}

function compile(node: ConditionNode): Holds {
  if ('all' in node) {
    const parts = node.all.map(compile)
    return (event, payload, work) => parts.every(holds => holds(event, payload, work))
  }
  if ('any' in node) {
    const parts = node.any.map(compile)
    return (event, payload, work) => parts.some(holds => holds(event, payload, work))
  }
  return compileLeaf(node)
}

function compileLeaf({ path, operator, value, not = false, coerce = false }: Leaf): Holds {
  const left = parsePath(path)
  if (operator === 'exists' && left !== undefined)
    return (event, payload) => (left(event, payload) !== undefined) !== not
  const test = operator === 'matches_regex' ? regexOperator(value as string).test : OPERATORS[operator]
  if (left === undefined || test === undefined) throw new Error(`unknown: ${path} ${operator}`)
  const right: Resolve = isVariable(value) ? parsePath(value.path)! : () => value
  return (event, payload, work) => {
    const found = left(event, payload)
    const operand = right(event, payload)
    if (found === undefined || operand === undefined) return false
    return test(coerce ? coerced(found, value) : found, operand, work) !== not
  }
}
