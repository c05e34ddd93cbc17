/**
 * Resolves `$ref` and `$dynamicRef` (draft 2020-12, sections 8 and 9): to a pointer, an anchor or an embedded `$id` of
 * the same document, or of a document that was passed in. Nothing is ever fetched.
 */

import { isJsonObject, pointerTo } from '../json/json-pointer.ts'
import { finding } from '../json/json-text.ts'
import type { Finding } from '../model/codes.ts'
import { type SchemaObject, subschemasOf } from './schema-positions.ts'

export type Schema = SchemaObject | boolean

/** A schema with a URI of its own: a document's root, or a subschema with an `$id`. */
export interface Resource {
  uri: string
  /** `$dynamicAnchor`s by name. */
  dynamicAnchors: ReadonlyMap<string, SchemaObject>
}

export interface DynamicTarget {
  /** Its target as a plain reference. */
  initial: Schema
  /**
   * The outermost resource of the dynamic scope with this `$dynamicAnchor` wins; undefined: it behaves like a plain
   * reference.
   */
  anchor: string | undefined
  /** Every schema with that anchor; all references that name it share one list. */
  candidates: SchemaObject[]
}

export interface References {
  /** The target of a `$ref`, by the schema that contains it. */
  targets: ReadonlyMap<SchemaObject, Schema>
  /** The possible targets of a `$dynamicRef`, by the schema that contains it; validation chooses among them. */
  dynamic: ReadonlyMap<SchemaObject, DynamicTarget>
  resourceOf(schema: SchemaObject): Resource
  /** JSON pointer of a schema in its document. */
  pathOf(schema: SchemaObject): string
  /** References without a target, and names with two; paths are pointers into the first document. */
  findings: Finding[]
}

/** URI of a document without `$id`; no reference can name it from outside. */
const NAMELESS = 'https://schema.invalid/'

/** Resolves every reference of a document. `others`: further documents by URI. */
export function resolveReferences(root: Schema, others: ReadonlyMap<string, Schema> = new Map()): References {
  const index = createIndex()
  for (const [uri, document] of others) index.add(document, uri)
  index.add(root, NAMELESS)
  const targets = new Map<SchemaObject, Schema>()
  const dynamic = new Map<SchemaObject, DynamicTarget>()
  const findings = index.repeated
    .filter(({ document }) => document === root)
    .map(({ path }) => finding(path, 'repeated', 'names what another has named'))

  for (const [schema, { resource, path }] of index.schemas) {
    const follow = (keyword: '$ref' | '$dynamicRef'): Found | undefined => {
      const reference = schema[keyword]
      if (typeof reference !== 'string') return undefined
      const found = index.find(reference, resource)
      if (found === undefined && resource.document === root)
        findings.push(leadsNowhere(reference, pointerTo(path, keyword)))
      return found
    }
    const target = follow('$ref')
    if (target) targets.set(schema, target.schema)
    const start = follow('$dynamicRef')
    if (!start) continue
    const anchor = start.resource.dynamicAnchors.get(start.fragment) === start.schema ? start.fragment : undefined
    const candidates = anchor === undefined ? [] : index.withDynamicAnchor(anchor)
    dynamic.set(schema, { initial: start.schema, anchor, candidates })
  }
  return {
    targets,
    dynamic,
    findings,
    resourceOf: schema => index.schemas.get(schema)?.resource as Resource,
    pathOf: schema => index.schemas.get(schema)?.path ?? '',
  }
}

interface Found {
  schema: Schema
  resource: Resource
  fragment: string
}

interface IndexedResource extends Resource {
  document: Schema
  /** Every schema of the document by its pointer, and the pointer of this resource's root. */
  positions: Map<string, Schema>
  path: string
  anchors: Map<string, SchemaObject>
  dynamicAnchors: Map<string, SchemaObject>
}

function createIndex() {
  const resources = new Map<string, IndexedResource>()
  const schemas = new Map<SchemaObject, { resource: IndexedResource; path: string }>()
  const repeated: Array<{ document: Schema; path: string }> = []

  function add(document: Schema, uri: string): void {
    const outermost = resourceIn({ document, positions: new Map() }, uri, '')
    const visit = (schema: unknown, path: string, around: IndexedResource): void => {
      if (typeof schema === 'boolean') around.positions.set(path, schema)
      if (!isJsonObject(schema)) return
      around.positions.set(path, schema)
      const resource = typeof schema.$id === 'string' ? named(schema.$id, path, around) : around
      schemas.set(schema, { resource, path })
      noteAnchors(schema, path, resource)
      for (const child of subschemasOf(schema, path)) visit(child.schema, child.path, resource)
    }
    resources.set(uri, outermost)
    visit(document, '', outermost)
  }

  function named(id: string, path: string, around: IndexedResource): IndexedResource {
    const uri = resolveUri(id, around.uri)?.uri ?? around.uri
    const resource = resourceIn(around, uri, path)
    if (path === '') resources.set(around.uri, resource)
    else if (resources.has(uri)) repeated.push({ document: around.document, path: pointerTo(path, '$id') })
    resources.set(uri, resource)
    return resource
  }

  function noteAnchors(schema: SchemaObject, path: string, resource: IndexedResource): void {
    for (const keyword of ['$anchor', '$dynamicAnchor'] as const) {
      const name = schema[keyword]
      if (typeof name !== 'string') continue
      if (resource.anchors.has(name)) repeated.push({ document: resource.document, path: pointerTo(path, keyword) })
      resource.anchors.set(name, schema)
      if (keyword === '$dynamicAnchor') resource.dynamicAnchors.set(name, schema)
    }
  }

  function find(reference: string, from: IndexedResource): Found | undefined {
    const resolved = resolveUri(reference, from.uri)
    const resource = resolved && resources.get(resolved.uri)
    if (!resource) return undefined
    const { fragment } = resolved
    const isPointer = fragment === '' || fragment.startsWith('/')
    const schema = isPointer ? resource.positions.get(resource.path + fragment) : resource.anchors.get(fragment)
    if (schema === undefined) return undefined
    // A pointer may lead into an embedded resource, whose own anchors apply then.
    const own = typeof schema === 'boolean' ? resource : (schemas.get(schema)?.resource ?? resource)
    return { schema, resource: own, fragment }
  }

  const byDynamicAnchor = new Map<string, SchemaObject[]>()
  const withDynamicAnchor = (name: string): SchemaObject[] => {
    const known = byDynamicAnchor.get(name)
    if (known) return known
    const found = holders(name)
    byDynamicAnchor.set(name, found)
    return found
  }
  const holders = (name: string): SchemaObject[] =>
    [...new Set(resources.values())].flatMap((resource): SchemaObject[] => {
      const schema = resource.dynamicAnchors.get(name)
      return schema ? [schema] : []
    })
  return { add, find, withDynamicAnchor, schemas, repeated }
}

const resourceIn = (
  { document, positions }: Pick<IndexedResource, 'document' | 'positions'>,
  uri: string,
  path: string,
): IndexedResource => ({
  ...{ uri, document, positions, path },
  ...{ anchors: new Map(), dynamicAnchors: new Map() },
})

/** Undefined for a text that is not a URI reference. The fragment is returned decoded. */
function resolveUri(reference: string, base: string): { uri: string; fragment: string } | undefined {
  try {
    if (reference.startsWith('#')) return { uri: base, fragment: decodeURIComponent(reference.slice(1)) }
    const resolved = new URL(reference, base)
    const fragment = decodeURIComponent(resolved.hash.slice(1))
    resolved.hash = ''
    return { uri: resolved.href.replace(/#$/, ''), fragment }
  } catch {
    return undefined
  }
}

function leadsNowhere(reference: string, path: string): Finding {
  if (reference.startsWith('#/components/'))
    return finding(path, 'unresolved_ref', "does not lead to a schema: send the document's components as `components`")
  if (reference.startsWith('#')) return finding(path, 'unresolved_ref', 'does not lead to a schema of this document')
  return finding(path, 'remote_ref', 'must stay inside the document: begin with # or name an $id in it')
}
