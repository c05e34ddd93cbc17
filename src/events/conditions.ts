/**
 * Conditions on an event: groups of `all` or `any`, which contain conditions and groups.
 *
 *     { "all": [ { "path": "payload.amount", "operator": "gte", "value": 1000 }, { "any": [ … ] } ] }
 *     { "payload.amount": { "gte": 1000 }, "payload.currency": "EUR" }
 *
 * The second is the compact form; both are stored as the first. An operand is a literal, a time
 * (`{ "date": "2026-01-01" }`) or another value of the event (`{ "path": "payload.limit" }`). `conditions-hold.ts`
 * evaluates them.
 */

import { isJsonObject, pointerTo } from '../json/json-pointer.ts'
import type { Finding } from '../model/codes.ts'
import type { ConditionGroup, ConditionNode } from '../model/conditions.ts'
import { isDateOperand, isVariable, OPERATORS, regexOperator, TYPES, timeOf } from './condition-operators.ts'
import { eventRoots, parsePath } from './condition-paths.ts'

export const CONDITION_LIMITS = {
  nesting: 5,
  leaves: 50,
  textCharacters: 1_000,
  listed: 100,
  patternCharacters: 256,
  patternsSize: 200,
} as const

export type ParsedConditions = { ok: true; conditions: ConditionGroup } | { ok: false; findings: Finding[] }
type Leaf = Exclude<ConditionNode, ConditionGroup>

/** The forms of paths and operands of conditions, beside their operators. */
export interface ConditionLanguage {
  isPath(path: string): boolean
  /** Follows "is no path:" in a finding. */
  paths: string
  /** Whether a text is computed for each evaluation, so that its type is not known yet. */
  isTemplate(text: string): boolean
}

/** Conditions on an event. */
export const EVENT_CONDITIONS: ConditionLanguage = {
  isPath: path => parsePath(path, eventRoots) !== undefined,
  paths: 'payload.… or a field of the envelope',
  isTemplate: () => false,
}

/** Checks and normalises. `at` is the JSON pointer of the conditions in the request. Never throws. */
export function parseConditions(input: unknown, at = '', language = EVENT_CONDITIONS): ParsedConditions {
  const findings: Finding[] = []
  let leaves = 0
  let patternsSize = 0
  const wrong = (path: string, rule: string, message: string): undefined => void findings.push({ path, rule, message })

  function group(node: Record<string, unknown>, path: string, depth: number): ConditionGroup | undefined {
    const key = 'all' in node ? 'all' : 'any'
    const members = node[key]
    if (Object.keys(node).length > 1) return wrong(path, 'group', `a group has nothing beside ${key}`)
    if (depth > CONDITION_LIMITS.nesting)
      return wrong(path, 'too_deep', `groups nest at most ${CONDITION_LIMITS.nesting} deep`)
    if (!Array.isArray(members) || members.length === 0)
      return wrong(pointerTo(path, key), 'group', 'a list of at least one condition')
    if (members.length > CONDITION_LIMITS.leaves) return tooMany(path)
    const parsed = members.flatMap((member, index) => nodes(member, pointerTo(pointerTo(path, key), index), depth + 1))
    return key === 'all' ? { all: parsed } : { any: parsed }
  }

  /** A compact map within a group becomes a group of its own, since all of its entries must hold. */
  function nodes(node: unknown, path: string, depth: number): ConditionNode[] {
    if (!isJsonObject(node)) return wrong(path, 'type', 'a condition, a group or a map of conditions') ?? []
    if (isGroup(node)) return listed(group(node, path, depth))
    if (Object.hasOwn(node, 'operator')) return listed(leaf(node, path))
    const all = compact(node, path)
    if (all.length < 2) return all
    return depth > CONDITION_LIMITS.nesting
      ? (wrong(path, 'too_deep', `groups nest at most ${CONDITION_LIMITS.nesting} deep`) ?? [])
      : [{ all }]
  }

  function compact(map: Record<string, unknown>, path: string): Leaf[] {
    const entries = Object.entries(map)
    if (entries.length === 0) wrong(path, 'group', 'there is no condition in it')
    return entries.flatMap(([field, tests]) => {
      const place = pointerTo(path, field)
      if (!isJsonObject(tests) || isDateOperand(tests)) return condition(field, 'equals', tests, {}, place, place)
      if (Object.keys(tests).length === 0) wrong(place, 'operator', 'an operator is missing')
      return Object.entries(tests).flatMap(([operator, value]) => {
        const operand = pointerTo(place, operator)
        return condition(field, operator, value, {}, place, operand, operand)
      })
    })
  }

  function leaf(node: Record<string, unknown>, path: string): Leaf | undefined {
    const { operator, value, not, coerce, ...names } = node
    const [name, ...more] = Object.keys(names)
    const field = name === undefined ? undefined : names[name]
    if (name === undefined || !FIELD_NAMES.has(name)) return wrong(path, 'required', 'path is missing')
    if (more.length > 0) return wrong(pointerTo(path, more[0]!), 'unknown_field', 'is not a field of a condition')
    if (typeof field !== 'string') return wrong(pointerTo(path, name), 'type', 'must be string')
    if (typeof operator !== 'string') return wrong(pointerTo(path, 'operator'), 'type', 'must be string')
    for (const [flag, given] of Object.entries({ not, coerce }))
      if (given !== undefined && typeof given !== 'boolean')
        return wrong(pointerTo(path, flag), 'type', 'must be boolean')
    const flags = { not: not === true, coerce: coerce === true }
    return condition(
      field,
      operator,
      value,
      flags,
      pointerTo(path, name),
      pointerTo(path, 'value'),
      pointerTo(path, 'operator'),
    )[0]
  }

  /** One condition in its stored form. The pointers are those of the path, the operand and the operator. */
  function condition(
    path: string,
    spelled: string,
    value: unknown,
    flags: { not?: boolean; coerce?: boolean },
    atPath: string,
    atValue: string,
    atOperator = atPath,
  ): Leaf[] {
    leaves++
    if (leaves > CONDITION_LIMITS.leaves) return tooMany(at) ?? []
    if (!language.isPath(path))
      return wrong(atPath, 'path', `'${path.slice(0, 80)}' is no path: ${language.paths}`) ?? []
    const negated = spelled.startsWith('not_')
    const operator = negated ? spelled.slice('not_'.length) : spelled
    if (operator !== 'exists' && operator !== 'matches_regex' && !Object.hasOwn(OPERATORS, operator))
      return wrong(atOperator, 'operator', `'${spelled.slice(0, 80)}' is no operator`) ?? []
    const objection = objectionTo(operator, value)
    if (objection !== undefined) return wrong(atValue, 'operand', objection) ?? []
    const absent = operator === 'exists' && value === false
    const not = [negated, flags.not === true, absent].filter(Boolean).length % 2 === 1
    return [
      {
        ...{ path, operator },
        ...(operator === 'exists' ? {} : { value }),
        ...(not ? { not } : {}),
        ...(flags.coerce === true ? { coerce: true } : {}),
      },
    ]
  }

  function objectionTo(operator: string, value: unknown): string | undefined {
    if (operator === 'exists') return value === undefined || typeof value === 'boolean' ? undefined : 'true or false'
    if (operator === 'matches_regex') return objectionToPattern(value)
    if (typeof value === 'string' && operator !== 'is_type' && language.isTemplate(value)) return undefined
    if (isVariable(value)) return language.isPath(value.path) ? undefined : `'${value.path.slice(0, 80)}' is no path`
    if (operator === 'is_type')
      return typeof value === 'string' && Object.hasOwn(TYPES, value)
        ? undefined
        : `one of ${Object.keys(TYPES).join(', ')}`
    if (operator === 'length_equals')
      return Number.isInteger(value) && (value as number) >= 0 ? undefined : 'a whole number from 0 on'
    if (operator !== 'in') return isLiteral(value) ? undefined : LITERAL
    const many =
      Array.isArray(value) && value.length >= 1 && value.length <= CONDITION_LIMITS.listed && value.every(isLiteral)
    return many ? undefined : `a list of 1 to ${CONDITION_LIMITS.listed} literals`
  }

  function objectionToPattern(value: unknown): string | undefined {
    if (typeof value !== 'string' || value.length > CONDITION_LIMITS.patternCharacters)
      return `a pattern of at most ${CONDITION_LIMITS.patternCharacters} characters`
    try {
      patternsSize += regexOperator(value).size
    } catch (error) {
      return (error as Error).message.slice(0, 300)
    }
    return patternsSize > CONDITION_LIMITS.patternsSize
      ? 'the patterns of these conditions are too large together'
      : undefined
  }

  function tooMany(path: string): undefined {
    if (findings.some(({ rule }) => rule === 'too_many')) return undefined
    return wrong(path, 'too_many', `at most ${CONDITION_LIMITS.leaves} conditions`)
  }

  if (!isJsonObject(input)) wrong(at, 'type', 'must be object')
  else {
    const parsed = isGroup(input)
      ? group(input, at, 1)
      : { all: nodes(input, at, 1).flatMap(node => ('all' in node ? node.all : [node])) }
    if (findings.length === 0 && parsed !== undefined) return { ok: true, conditions: parsed }
  }
  return { ok: false, findings: findings.slice(0, FINDINGS_MAX) }
}

const FINDINGS_MAX = 20
/** Other products call the path `attribute` or `field`. */
const FIELD_NAMES: ReadonlySet<string> = new Set(['path', 'attribute', 'field'])
const LITERAL = `true, false, null, a number, a text of at most ${CONDITION_LIMITS.textCharacters} characters, {"date": …} or {"path": …}`

const isGroup = (node: Record<string, unknown>): boolean => Object.hasOwn(node, 'all') || Object.hasOwn(node, 'any')
const listed = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value])

function isLiteral(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= CONDITION_LIMITS.textCharacters
  if (isDateOperand(value)) return Object.keys(value).length === 1 && timeOf(value.date) !== undefined
  return value === null || typeof value === 'boolean' || typeof value === 'number'
}
