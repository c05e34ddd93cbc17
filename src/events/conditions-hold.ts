/**
 * Evaluates conditions for an event. A missing value meets no condition, negated or not, except `exists` and its
 * negation. Conditions are compiled once per object.
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { ConditionGroup, ConditionNode } from '../model/conditions.ts'
import { coerced, isVariable, OPERATORS, PATTERN_WORK, regexOperator, type Work } from './condition-operators.ts'
import { type EventAndPayload, eventRoots, parsePath, type Resolve } from './condition-paths.ts'

type Leaf = Exclude<ConditionNode, ConditionGroup>

/** Whether conditions hold in a context. */
export type Holds<Context> = (context: Context, work: Work) => boolean

/** How the leaves of conditions get their values. Both throw for what they cannot read. */
export interface Operands<Context> {
  left(path: string): Resolve<Context>
  right(value: unknown): Resolve<Context>
}

const compiled = new WeakMap<ConditionGroup, Holds<EventAndPayload>>()

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
  return holds({ event, payload }, work)
}

/** The budget shared by all conditions evaluated for one event. */
export const patternWork = (): Work => ({ left: PATTERN_WORK.event })

function compiledOr(conditions: ConditionGroup, otherwise: Holds<EventAndPayload>): Holds<EventAndPayload> {
  try {
    return compileConditions(conditions, EVENT_OPERANDS)
  } catch {
    return otherwise
  }
}

const EVENT_OPERANDS: Operands<EventAndPayload> = {
  left: eventPath,
  right: value => (isVariable(value) ? eventPath(value.path) : () => value),
}

function eventPath(path: string): Resolve<EventAndPayload> {
  const resolve = parsePath(path, eventRoots)
  if (resolve === undefined) throw new Error(`unknown path: ${path}`)
  return resolve
}

/** @throws for operators and operands that are unknown here. */
export function compileConditions<Context>(node: ConditionNode, operands: Operands<Context>): Holds<Context> {
  if ('all' in node) {
    const parts = node.all.map(part => compileConditions(part, operands))
    return (context, work) => parts.every(holds => holds(context, work))
  }
  if ('any' in node) {
    const parts = node.any.map(part => compileConditions(part, operands))
    return (context, work) => parts.some(holds => holds(context, work))
  }
  return compileLeaf(node, operands)
}

function compileLeaf<Context>(
  { path, operator, value, not = false, coerce = false }: Leaf,
  operands: Operands<Context>,
): Holds<Context> {
  const left = operands.left(path)
  if (operator === 'exists') return context => (left(context) !== undefined) !== not
  const test = operator === 'matches_regex' ? regexOperator(value as string).test : OPERATORS[operator]
  if (test === undefined) throw new Error(`unknown: ${path} ${operator}`)
  const right = operands.right(value)
  // Only literals coerce: another value of the event has the type that it has.
  const literal = (operand: unknown): unknown => (isVariable(value) ? value : operand)
  return (context, work) => {
    const found = left(context)
    const operand = right(context)
    if (found === undefined || operand === undefined) return false
    return test(coerce ? coerced(found, literal(operand)) : found, operand, work) !== not
  }
}
