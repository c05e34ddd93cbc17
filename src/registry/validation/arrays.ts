/** Keywords about arrays. */
import type { SchemaObject } from '../schema-positions.ts'
import { judgeBelow, judgeQuietly } from './judge-value.ts'
import { type Check, fault, type Making, type Node } from './node.ts'

export interface ArrayRules {
  maxItems: number | undefined
  minItems: number | undefined
  isUnique: boolean
  prefix: Node[] | undefined
  /** Schema of the items after `prefix`; undefined: they are unconstrained, or forbidden. */
  rest: Node | undefined
  mayHaveRest: boolean
  /** Whether `items` is present: then all items are evaluated. */
  judgesRest: boolean
  contains: Check | undefined
}

export function arrayRules(schema: SchemaObject, making: Making): ArrayRules | undefined {
  const { maxItems, minItems, uniqueItems, prefixItems, items, contains } = schema
  const keywords = [maxItems, minItems, uniqueItems, prefixItems, items, contains]
  if (keywords.every(each => each === undefined)) return undefined
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
  const isForbidden = schema === false
  return [
    (value, run, seen) => {
      if (!Array.isArray(value) || !seen || seen.allItems) return true
      let holds = true
      for (let index = seen.itemsBefore; index < value.length; index++) {
        if (seen.items.has(index)) continue
        const judged = isForbidden
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
