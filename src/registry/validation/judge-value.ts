/** Validates a value by a node, and its members and items by their nodes. All recursion is in this file. */
import { identityOf } from '../../json/canonical-json.ts'
import type { ExactNumber } from '../../json/exact-number.ts'
import type { SchemaObject } from '../schema-positions.ts'
import type { ArrayRules } from './arrays.ts'
import { type Check, fault, KINDS, type Node, type Run } from './node.ts'
import type { MemberRules, ObjectRules } from './objects.ts'
import { addSeen, newSeen, type Seen } from './seen.ts'
import { judgeAllowed, judgeNumber, judgeText, kindFault, kindOf } from './values.ts'
import { spend, VALUE_WORK } from './work.ts'

/** Whether a value is valid. `seen`: collects the evaluated members and items, where a later keyword needs them. */
export function judgeValue(node: Node, value: unknown, run: Run, seen: Seen | undefined): boolean {
  spend(VALUE_WORK)
  const { resource } = node
  if (resource === undefined || run.scope.at(-1) === resource) return judgeHere(node, value, run, seen)
  run.scope.push(resource)
  const holds = judgeHere(node, value, run, seen)
  run.scope.pop()
  return holds
}

/** `unevaluated…` uses what the keywords beside it evaluated, and passes its own result to those around it. */
function judgeHere(node: Node, value: unknown, run: Run, seen: Seen | undefined): boolean {
  if (node.last === undefined) return judgeOwn(node, value, run, seen)
  const own = newSeen()
  if (!judgeOwn(node, value, run, own) || !judgeAll(node.last, value, run, own)) return false
  if (seen) addSeen(seen, own)
  return true
}

/** With room for findings, every keyword is checked. */
function judgeOwn(node: Node, value: unknown, run: Run, seen: Seen | undefined): boolean {
  const kind = kindOf(value)
  let holds = true
  if ((node.kinds & kind) === 0) {
    holds = kindFault(node, run)
    if (run.room === 0) return false
  }
  if (node.isAllowed !== undefined && !judgeAllowed(node.isAllowed, value, run)) {
    if (run.room === 0) return false
    holds = false
  }
  if (!judgeByKind(node, kind, value, run, seen)) {
    if (run.room === 0) return false
    holds = false
  }
  if (node.also === undefined) return holds
  return judgeAll(node.also, value, run, seen) && holds
}

const KINDS_OF_NUMBERS = KINDS.integer | KINDS.fraction | KINDS.infinite

function judgeByKind(node: Node, kind: number, value: unknown, run: Run, seen: Seen | undefined): boolean {
  if (kind === KINDS.string) return judgeText(node, value as string, run)
  if (kind === KINDS.object)
    return node.object === undefined || judgeObject(node.object, value as SchemaObject, run, seen)
  if (kind === KINDS.array) return node.array === undefined || judgeArray(node.array, value as unknown[], run, seen)
  return (
    node.bounds === undefined ||
    (kind & KINDS_OF_NUMBERS) === 0 ||
    judgeNumber(node.bounds, value as number | ExactNumber, run)
  )
}

function judgeAll(checks: Check[], value: unknown, run: Run, seen: Seen | undefined): boolean {
  let holds = true
  for (const check of checks) {
    if (check(value, run, seen)) continue
    if (run.room === 0) return false
    holds = false
  }
  return holds
}

/** Validates a member or an item: one step further down the path. */
export function judgeBelow(key: string | number, node: Node, value: unknown, run: Run): boolean {
  if (run.room === 0) return judgeValue(node, value, run, undefined)
  const depth = run.path.push(key)
  const holds = judgeValue(node, value, run, undefined)
  run.path.length = depth - 1
  return holds
}

/** Validates without collecting findings. */
export function judgeQuietly(node: Node, value: unknown, run: Run, seen: Seen | undefined): boolean {
  const { room } = run
  run.room = 0
  const holds = judgeValue(node, value, run, seen)
  run.room = room
  return holds
}

function judgeArray(rules: ArrayRules, value: unknown[], run: Run, seen: Seen | undefined): boolean {
  const { maxItems, minItems, isUnique, contains } = rules
  let holds = true
  if (maxItems !== undefined && value.length > maxItems)
    holds = fault(run, 'maxItems', `must NOT have more than ${maxItems} items`)
  if (minItems !== undefined && value.length < minItems)
    holds = fault(run, 'minItems', `must NOT have fewer than ${minItems} items`)
  if (!holds && run.room === 0) return false
  if (isUnique && !areUnique(value)) {
    holds = fault(run, 'uniqueItems', 'must NOT have duplicate items')
    if (run.room === 0) return false
  }
  if (contains !== undefined && !contains(value, run, seen)) {
    if (run.room === 0) return false
    holds = false
  }
  return judgeItems(rules, value, run, seen) && holds
}

/** Runs in time linear in the list, not quadratic. */
function areUnique(items: unknown[]): boolean {
  const seen = new Set<string>()
  for (const item of items) seen.add(identityOf(item))
  return seen.size === items.length
}

function judgeItems(
  { prefix, rest, mayHaveRest, judgesRest }: ArrayRules,
  value: unknown[],
  run: Run,
  seen: Seen | undefined,
): boolean {
  const places = prefix?.length ?? 0
  const end = rest === undefined ? Math.min(places, value.length) : value.length
  let holds = true
  for (let index = 0; index < end; index++) {
    if (judgeBelow(index, (index < places ? prefix?.[index] : rest) as Node, value[index], run)) continue
    if (run.room === 0) return false
    holds = false
  }
  if (!mayHaveRest && value.length > places) holds = fault(run, 'items', `must NOT have more than ${places} items`)
  if (seen !== undefined) {
    seen.itemsBefore = Math.max(seen.itemsBefore, places)
    if (judgesRest) seen.allItems = true
  }
  return holds
}

function judgeObject(
  { required, members, others }: ObjectRules,
  value: SchemaObject,
  run: Run,
  seen: Seen | undefined,
): boolean {
  let holds = true
  if (required !== undefined && !hasAll(value, required, run, 'required')) {
    if (run.room === 0) return false
    holds = false
  }
  if (others !== undefined) {
    for (const check of others) {
      if (check(value, run)) continue
      if (run.room === 0) return false
      holds = false
    }
  }
  return (members === undefined || judgeMembers(members, value, run, seen)) && holds
}

function judgeMembers(rules: MemberRules, value: SchemaObject, run: Run, seen: Seen | undefined): boolean {
  const { named, matching, isClosed, others } = rules
  let holds = true
  // The fastest of all loops over members; a payload inherits no enumerable member.
  for (const name in value) {
    const own = named.get(name)
    let isKnown = own !== undefined
    let judged = own === undefined || judgeBelow(name, own, value[name], run)
    if (matching !== undefined) {
      for (const [pattern, node] of matching) {
        if (!pattern.test(name)) continue
        isKnown = true
        judged = judgeBelow(name, node, value[name], run) && judged
      }
    }
    if (!isKnown && isClosed) judged = fault(run, 'additionalProperties', 'must NOT have additional properties', name)
    else if (!isKnown && others !== undefined) judged = judgeBelow(name, others, value[name], run)
    if (seen !== undefined && (isKnown || others !== undefined)) seen.names.add(name)
    if (judged) continue
    if (run.room === 0) return false
    holds = false
  }
  return holds
}

export function hasAll(value: SchemaObject, names: string[], run: Run, rule: string): boolean {
  let holds = true
  for (const name of names) {
    if (Object.hasOwn(value, name)) continue
    holds = fault(run, rule, `must have required property '${name}'`)
    if (run.room === 0) return false
  }
  return holds
}
