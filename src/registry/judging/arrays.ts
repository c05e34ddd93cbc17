/** Keywords about arrays. */
import { identityOf } from '../canonical-json.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { below, type Check, every, fault, type Making, quietly } from './judge.ts'

export function arrayChecks(schema: SchemaObject, making: Making): Check[] {
  const checks = [...countChecks(schema), ...containsChecks(schema, making), ...itemChecks(schema, making)]
  if (checks.length === 0) return []
  const check = every(checks as Check[])
  return [(value, run, seen) => !Array.isArray(value) || check(value, run, seen)]
}

type ArrayCheck = (value: unknown[], ...rest: Parameters<Check> extends [unknown, ...infer Rest] ? Rest : never) => boolean

function countChecks({ maxItems, minItems, uniqueItems }: SchemaObject): ArrayCheck[] {
  const checks: ArrayCheck[] = []
  if (typeof maxItems === 'number') {
    checks.push((value, run) => value.length <= maxItems || fault(run, 'maxItems', `must NOT have more than ${maxItems} items`))
  }
  if (typeof minItems === 'number') {
    checks.push((value, run) => value.length >= minItems || fault(run, 'minItems', `must NOT have fewer than ${minItems} items`))
  }
  if (uniqueItems === true) {
    checks.push((value, run) => areUnique(value) || fault(run, 'uniqueItems', 'must NOT have duplicate items'))
  }
  return checks
}

/** In time that grows with the size of the list, not with its square. */
function areUnique(items: unknown[]): boolean {
  const seen = new Set<string>()
  for (const item of items) seen.add(identityOf(item))
  return seen.size === items.length
}

function containsChecks({ contains, minContains, maxContains }: SchemaObject, { check }: Making): ArrayCheck[] {
  if (contains === undefined) return []
  const matches = check(contains)
  const min = typeof minContains === 'number' ? minContains : 1
  const max = typeof maxContains === 'number' ? maxContains : Number.POSITIVE_INFINITY
  const least = `must contain at least ${min} valid item(s)`
  const message = max === Number.POSITIVE_INFINITY ? least : `${least} and no more than ${max} valid item(s)`
  return [
    (value, run, seen) => {
      let count = 0
      for (const [index, item] of value.entries()) {
        if (!quietly(matches, item, run, undefined)) continue
        count++
        if (seen) seen.items.add(index)
        else if (count >= min && max === Number.POSITIVE_INFINITY) break
      }
      return (count >= min && count <= max) || fault(run, 'contains', message)
    },
  ]
}

function itemChecks({ prefixItems, items }: SchemaObject, { check }: Making): ArrayCheck[] {
  const prefix = Array.isArray(prefixItems) ? prefixItems.map(check) : []
  if (prefix.length === 0 && items === undefined) return []
  const rest = items === undefined || items === false ? undefined : check(items)
  return [
    (value, run, seen) => {
      let holds = true
      const judged = rest ? value.length : Math.min(prefix.length, value.length)
      for (let index = 0; index < judged; index++) {
        if (below(index, prefix[index] ?? (rest as Check), value[index], run)) continue
        if (run.room === 0) return false
        holds = false
      }
      if (items === false && value.length > prefix.length) {
        holds = fault(run, 'items', `must NOT have more than ${prefix.length} items`)
      }
      if (seen && items !== undefined) seen.allItems = true
      if (seen) seen.itemsBefore = Math.max(seen.itemsBefore, prefix.length)
      return holds
    },
  ]
}

export function unevaluatedItems({ unevaluatedItems: schema }: SchemaObject, { check }: Making): Check[] {
  if (schema === undefined) return []
  const ofOthers = check(schema)
  const tellsItself = schema === false
  return [
    (value, run, seen) => {
      if (!Array.isArray(value) || !seen || seen.allItems) return true
      let holds = true
      for (let index = seen.itemsBefore; index < value.length; index++) {
        if (seen.items.has(index)) continue
        const judged = tellsItself
          ? fault(run, 'unevaluatedItems', 'must NOT have unevaluated items', index)
          : below(index, ofOthers, value[index], run)
        if (judged) continue
        if (run.room === 0) return false
        holds = false
      }
      seen.allItems = true
      return holds
    },
  ]
}
