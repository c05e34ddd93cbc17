/** Where `$ref` leads. Only places inside the same document: `#`, `#/a/pointer` or `#an-anchor` (C.11.3). */
import type { Finding } from '../codes.ts'
import { pointerTo } from '../events/json-pointer.ts'
import { finding } from '../events/json-text.ts'
import type { SchemaObject } from './schema-positions.ts'

export interface References {
  /** The schema that a `$ref` at a schema leads to. */
  targets: Map<SchemaObject, SchemaObject>
  findings: Finding[]
}

/** Resolves every `$ref` of a document whose schema positions are given. A reference that does not lead to a schema is a finding. */
export function resolveReferences(positions: ReadonlyMap<string, SchemaObject>): References {
  const anchors = new Map<string, SchemaObject>()
  const findings: Finding[] = []
  for (const [path, schema] of positions) {
    const { $anchor } = schema
    if (typeof $anchor !== 'string') continue
    if (anchors.has($anchor)) findings.push(finding(pointerTo(path, '$anchor'), 'anchor', 'is there more than once'))
    anchors.set($anchor, schema)
  }
  const targets = new Map<SchemaObject, SchemaObject>()
  for (const [path, schema] of positions) {
    const { $ref } = schema
    if (typeof $ref !== 'string') continue
    const target = $ref.startsWith('#') ? lookUp($ref.slice(1), positions, anchors) : undefined
    if (target) targets.set(schema, target)
    else if ($ref.startsWith('#'))
      findings.push(finding(pointerTo(path, '$ref'), 'unresolved_ref', 'does not lead to a schema of this document'))
    else findings.push(finding(pointerTo(path, '$ref'), 'remote_ref', 'must stay inside the document: begin with #'))
  }
  return { targets, findings }
}

function lookUp(
  fragment: string,
  positions: ReadonlyMap<string, SchemaObject>,
  anchors: ReadonlyMap<string, SchemaObject>,
): SchemaObject | undefined {
  try {
    const decoded = decodeURIComponent(fragment)
    return decoded === '' || decoded.startsWith('/') ? positions.get(decoded) : anchors.get(decoded)
  } catch {
    return undefined
  }
}
