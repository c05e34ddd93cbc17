/** Keywords about arrays. */
import { identityOf } from '../../json/canonical-json.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { judgeBelow, judgeQuietly } from './judge.ts'
import { type Check, fault, type Making, type Node, type Run } from './node.ts'
import type { Seen } from './seen.ts'

export interface ArrayRules {
  maxItems: number | undefined
  minItems: number | undefined
  isUnique: boolean
  prefix: Node[] | undefined
  /** Of the items after `prefix`; undefined: nothing is said of them, or they may not be. */
  rest: Node | undefined
  mayHaveRest: boolean
  /** Whether `items` is there: then all items have been judged. */
  judgesRest: boolean
  contains: Check | undefined
}

export function arrayRules(schema: SchemaObject, making: Making): ArrayRules | undefined {
  const { maxItems, minItems, uniqueItems, prefixItems, items, contains } = schema
  const said = [maxItems, minItems, uniqueItems, prefixItems, items, contains]
  if (said.every(each => each === undefined)) return undefined
  return {
    maxItems: typeof maxItems === 'number' ? maxItems : undefined,
    minItems: typeof minItems === 'number' ? minItems : undefined,
    isUnique: uniqueItems === true,
    prefix: Array.isArray(prefixItems) ? prefixItems.map(making.node) : undefined,
    rest: items === undefined || items === false ? undefined : making.node(items),
    mayHaveRest: items !== false,
    judgesRest: items !== undefined,
    contains: contains === undefined ? undefined : containing(schema, making),
  }
}

export function judgeArray(rules: ArrayRules, value: unknown[], run: Run, seen: Seen | undefined): boolean {
  const { maxItems, minItems, isUnique, contains } = rules
  let holds = true
  if (maxItems !== undefined && value.length > maxItems) holds = fault(run, 'maxItems', `must NOT have more than ${maxItems} items`)
  if (minItems !== undefined && value.length < minItems) holds = fault(run, 'minItems', `must NOT have fewer than ${minItems} items`)
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

/** In time that grows with the size of the list, not with its square. */
function areUnique(items: unknown[]): boolean {
  const seen = new Set<string>()
  for (const item of items) seen.add(identityOf(item))
  return seen.size === items.length
}

function judgeItems({ prefix, rest, mayHaveRest, judgesRest }: ArrayRules, value: unknown[], run: Run, seen: Seen | undefined): boolean {
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

function containing({ contains, minContains, maxContains }: SchemaObject, { node }: Making): Check {
  const wanted = node(contains)
  const min = typeof minContains === 'number' ? minContains : 1
  const max = typeof maxContains === 'number' ? maxContains : Number.POSITIVE_INFINITY
  const least = `must contain at least ${min} valid item(s)`
  const message = max === Number.POSITIVE_INFINITY ? least : `${least} and no more than ${max} valid item(s)`
  return (value, run, seen) => {
    let count = 0
    for (const [index, item] of (value as unknown[]).entries()) {
      if (!judgeQuietly(wanted, item, run, undefined)) continue
      count++
      if (seen) seen.items.add(index)
      else if (count >= min && max === Number.POSITIVE_INFINITY) break
    }
    return (count >= min && count <= max) || fault(run, 'contains', message)
  }
}

export function unevaluatedItems({ unevaluatedItems: schema }: SchemaObject, { node }: Making): Check[] {
  if (schema === undefined) return []
  const ofOthers = node(schema)
  const tellsItself = schema === false
  return [
    (value, run, seen) => {
      if (!Array.isArray(value) || !seen || seen.allItems) return true
      let holds = true
      for (let index = seen.itemsBefore; index < value.length; index++) {
        if (seen.items.has(index)) continue
        const judged = tellsItself
          ? fault(run, 'unevaluatedItems', 'must NOT have unevaluated items', index)
          : judgeBelow(index, ofOthers, value[index], run)
        if (judged) continue
        if (run.room === 0) return false
        holds = false
      }
      seen.allItems = true
      return holds
    },
  ]
}
