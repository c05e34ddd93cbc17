/** `$ref` and `$dynamicRef` as checks. */
import type { Resource } from '../references.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { applied } from './combinators.ts'
import { judgeValue } from './judge-value.ts'
import type { Check, Making, Node } from './node.ts'

export function referenceChecks(schema: SchemaObject, { references, node }: Making): Check[] {
  const checks: Check[] = []
  const target = references.targets.get(schema)
  if (target !== undefined) checks.push(applied(node(target)))
  const dynamic = references.dynamic.get(schema)
  if (dynamic === undefined) return checks
  const initial = node(dynamic.initial)
  const { anchor } = dynamic
  if (anchor === undefined) return [...checks, applied(initial)]
  const byResource = nodesByResource(dynamic.candidates, { references, node })
  const outermost: Check = (value, run, seen) => {
    for (const resource of run.scope) {
      const found = byResource.get(resource)
      if (found) return judgeValue(found, value, run, seen)
    }
    return judgeValue(initial, value, run, seen)
  }
  return [...checks, outermost]
}

const known = new WeakMap<SchemaObject[], Map<Resource, Node>>()

/** Built once for all references that name the same anchor. */
function nodesByResource(
  candidates: SchemaObject[],
  { references, node }: Pick<Making, 'references' | 'node'>,
): Map<Resource, Node> {
  const found = known.get(candidates) ?? new Map<Resource, Node>()
  if (!known.has(candidates)) {
    known.set(candidates, found)
    for (const each of candidates) found.set(references.resourceOf(each), node(each))
  }
  return found
}
