/** `$ref` and `$dynamicRef` as checks. */
import type { Resource } from '../references.ts'
import type { SchemaObject } from '../schema-positions.ts'
import type { Check, Making } from './judge.ts'

export function referenceChecks(schema: SchemaObject, { references, check }: Making): Check[] {
  const checks: Check[] = []
  const target = references.targets.get(schema)
  if (target !== undefined) checks.push(check(target))
  const dynamic = references.dynamic.get(schema)
  if (dynamic === undefined) return checks
  const initial = check(dynamic.initial)
  const { anchor } = dynamic
  if (anchor === undefined) return [...checks, initial]
  const byResource = new Map<Resource, Check>(dynamic.candidates.map(each => [references.resourceOf(each), check(each)]))
  const outermost: Check = (value, run, seen) => {
    for (const resource of run.scope) {
      const found = byResource.get(resource)
      if (found) return found(value, run, seen)
    }
    return initial(value, run, seen)
  }
  return [...checks, outermost]
}
