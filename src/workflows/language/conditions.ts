/** Conditions in definitions: their paths begin at a scope, and operands may be templates. */
import { isVariable, type Work } from '../../events/condition-operators.ts'
import { segmentsOf } from '../../events/condition-paths.ts'
import { type ConditionLanguage, type ParsedConditions, parseConditions } from '../../events/conditions.ts'
import { compileConditions, type Operands } from '../../events/conditions-hold.ts'
import { ExactNumber } from '../../json/exact-number.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import type { ConditionGroup, ConditionNode } from '../../model/conditions.ts'
import { type Compiled, compileReference, compileValue } from './compile-template.ts'
import type { Evaluation } from './evaluation.ts'
import { type Reference, referenceOf } from './references.ts'
import { hasTemplate } from './template-syntax.ts'

const LANGUAGE: ConditionLanguage = {
  isPath: path => referenceOfPath(path) !== undefined,
  paths: "it begins at a scope, such as $body.amount or $action['key'].status",
  isTemplate: hasTemplate,
}

export function parseDefinitionConditions(given: unknown, at: string): ParsedConditions {
  const parsed = parseConditions(given, at, LANGUAGE)
  if (parsed.ok && !hasSameForm(given, parsed.conditions)) rewritten.add(parsed.conditions)
  return parsed
}

/** Groups that were written in the compact form: pointers into the normalised one would lead nowhere. */
const rewritten = new WeakSet<ConditionGroup>()

function hasSameForm(given: unknown, made: ConditionNode): boolean {
  if (!isJsonObject(given)) return false
  const name = 'all' in made ? 'all' : 'any'
  const members = 'all' in made ? made.all : 'any' in made ? made.any : undefined
  if (members === undefined) return 'path' in given && 'operator' in given
  const written = given[name]
  return Array.isArray(written) && members.every((member, index) => hasSameForm(written[index], member))
}

export type ConditionPart =
  | { path: string; reference: Reference; tests: 'existence' | 'value' }
  | { path: string; operand: unknown }

/** Every path and every operand of a group, whose pointer is `path`. */
export function conditionParts(group: ConditionGroup, path: string): ConditionPart[] {
  const parts = [...partsOf(group, path)]
  return rewritten.has(group) ? parts.map(part => ({ ...part, path })) : parts
}

export function referenceOfPath(path: string): Reference | undefined {
  const segments = segmentsOf(path)
  const found = segments && referenceOf(segments)
  return found?.ok ? found.reference : undefined
}

function* partsOf(node: ConditionNode, path: string): Generator<ConditionPart> {
  const members = 'all' in node ? node.all : 'any' in node ? node.any : undefined
  if (members !== undefined) {
    for (const [index, member] of members.entries())
      yield* partsOf(member, pointerTo(pointerTo(path, 'all' in node ? 'all' : 'any'), index))
    return
  }
  const leaf = node as Exclude<ConditionNode, ConditionGroup>
  const tests = leaf.operator === 'exists' ? 'existence' : 'value'
  yield { path: pointerTo(path, 'path'), reference: referenceOfPath(leaf.path)!, tests }
  const at = pointerTo(path, 'value')
  if (isVariable(leaf.value)) yield { path: at, reference: referenceOfPath(leaf.value.path)!, tests: 'value' }
  else if (leaf.value !== undefined) yield { path: at, operand: leaf.value }
}

const OPERANDS: Operands<Evaluation> = {
  left: pathOf,
  right(value) {
    if (isVariable(value)) return pathOf(value.path)
    const compiled = compileValue(value)
    return compiled === undefined ? () => value : evaluation => comparable(compiled(evaluation))
  },
}

function pathOf(path: string): Compiled {
  const read = compileReference(referenceOfPath(path)!)
  return evaluation => comparable(read(evaluation))
}

export function compileGroup(group: ConditionGroup): (evaluation: Evaluation, work: Work) => boolean {
  return compileConditions(group, OPERANDS)
}

/** Numbers are compared as doubles, as conditions on events compare them. */
function comparable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !hasExactNumber(value)) return value
  if (value instanceof ExactNumber) return value.nearest
  if (Array.isArray(value)) return value.map(comparable)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, comparable(member)]))
}

function hasExactNumber(value: unknown): boolean {
  if (value instanceof ExactNumber) return true
  if (Array.isArray(value)) return value.some(hasExactNumber)
  return isJsonObject(value) && Object.values(value).some(hasExactNumber)
}
