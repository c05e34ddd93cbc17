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
  const byResource = checksByResource(dynamic.candidates, { references, check })
  const outermost: Check = (value, run, seen) => {
    for (const resource of run.scope) {
      const found = byResource.get(resource)
      if (found) return found(value, run, seen)
    }
    return initial(value, run, seen)
  }
  return [...checks, outermost]
}

const known = new WeakMap<SchemaObject[], Map<Resource, Check>>()

/** Made once for all references that name the same anchor. */
function checksByResource(candidates: SchemaObject[], { references, check }: Pick<Making, 'references' | 'check'>): Map<Resource, Check> {
  const found = known.get(candidates) ?? new Map<Resource, Check>()
  if (!known.has(candidates)) {
    known.set(candidates, found)
    for (const each of candidates) found.set(references.resourceOf(each), check(each))
  }
  return found
}
