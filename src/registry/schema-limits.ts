/**
 * The size of a schema, measured before anything compiles it: a small text can describe a deep, wide or endless schema.
 * Each schema object is visited once, so a hostile schema costs no more than its text
 * (docs/specification/registry.md#schemas).
 */

import { isJsonObject } from '../json/json-pointer.ts'
import { finding } from '../json/json-text.ts'
import type { Code, Finding } from '../model/codes.ts'
import { type References, resolveReferences, type Schema } from './references.ts'
import { type SchemaObject, schemaPositions, subschemasOf } from './schema-positions.ts'

export const SCHEMA_DEPTH_MAX = 5
export const SCHEMA_PROPERTIES_MAX = 50
export const SCHEMA_BYTES_MAX = 65_536
/** Nesting of the text itself, combinators included; bounds every recursion over a schema. */
export const SCHEMA_NESTING_MAX = 64
/**
 * Subschemas that validating one instance may visit, `$ref` followed each time: two references to the level below, over
 * thirty levels, are a billion visits.
 */
export const SCHEMA_EVALUATIONS_MAX = 2_000
/** Subschemas in the text, used or not: registration visits each several times, while others wait. */
export const SCHEMA_SUBSCHEMAS_MAX = 500

/** The limits that the operator may raise for an organization; a raised number of properties raises the number of subschemas. */
export interface SchemaLimits {
  depth: number
  properties: number
}
export const SCHEMA_LIMITS: SchemaLimits = { depth: SCHEMA_DEPTH_MAX, properties: SCHEMA_PROPERTIES_MAX }
/** Subschemas for each property beyond the usual ones. */
const SUBSCHEMAS_PER_PROPERTY = 2
const subschemasMax = ({ properties }: SchemaLimits): number =>
  SCHEMA_SUBSCHEMAS_MAX + SUBSCHEMAS_PER_PROPERTY * Math.max(0, properties - SCHEMA_PROPERTIES_MAX)

export interface SchemaSize {
  /**
   * Levels: the root is 1, each step into properties, items, prefixItems, patternProperties or additionalProperties one
   * more.
   */
  depth: number
  /** Names under any `properties` or `patternProperties`, each `$defs` counted once. */
  propertyCount: number
  /** Subschemas that judging one instance may visit. */
  evaluations: number
  /** Limits exceeded, and references that leave the document; in the order of registration checks. */
  problems: Array<{ code: Code; finding: Finding }>
}

const STEPS = new Set(['properties', 'items', 'prefixItems', 'patternProperties', 'additionalProperties'])

/** Measures a schema. Paths of findings are pointers into the schema. */
export function measureSchema(schema: SchemaObject, limits: SchemaLimits = SCHEMA_LIMITS): SchemaSize {
  const outside = outsideBounds(schema)
  if (outside) return { depth: 0, propertyCount: 0, evaluations: 0, problems: [outside] }
  const positions = schemaPositions(schema)
  if (positions.size > subschemasMax(limits)) {
    const message = `holds ${positions.size} schemas, at most ${subschemasMax(limits)} are allowed`
    const tooMany = { code: 'schema_too_wide' as const, finding: finding('', 'max_subschemas', message) }
    return { depth: 0, propertyCount: 0, evaluations: 0, problems: [tooMany] }
  }
  const references = resolveReferences(schema)
  const problems: SchemaSize['problems'] = []

  const walk = createWalk(references)
  for (const [path, position] of positions) if (!walk.visit(position, path)) break
  const closing = walk.closing()
  const propertyCount = countProperties(positions.values())
  const { depth, evaluations } = walk.sizeOf(schema)

  if (closing) {
    const at = [...positions].find(([, position]) => position === closing)?.[0] ?? ''
    problems.push({ code: 'schema_too_deep', finding: finding(at, 'recursive', 'refers to itself') })
  } else if (depth > limits.depth) {
    problems.push({
      code: 'schema_too_deep',
      finding: finding(
        tooDeepAt(schema, limits.depth),
        'max_depth',
        `has ${depth} levels, at most ${limits.depth} are allowed`,
      ),
    })
  }
  if (propertyCount > limits.properties) {
    const message = `names ${propertyCount} properties, at most ${limits.properties} are allowed`
    problems.push({ code: 'schema_too_wide', finding: finding('', 'max_properties', message) })
  }
  for (const broken of references.findings) problems.push({ code: 'invalid_json_schema', finding: broken })
  if (evaluations > SCHEMA_EVALUATIONS_MAX) {
    const message = `asks for more than ${SCHEMA_EVALUATIONS_MAX} checks of one value`
    problems.push({ code: 'invalid_json_schema', finding: finding('', 'max_evaluations', message) })
  }
  return { depth, propertyCount, evaluations, problems }
}

function outsideBounds(schema: SchemaObject): SchemaSize['problems'][number] | undefined {
  if (nestsDeeper(schema, SCHEMA_NESTING_MAX)) {
    return {
      code: 'schema_too_deep',
      finding: finding('', 'max_nesting', `nests deeper than ${SCHEMA_NESTING_MAX} levels of JSON`),
    }
  }
  if (Buffer.byteLength(JSON.stringify(schema)) > SCHEMA_BYTES_MAX) {
    return { code: 'schema_too_wide', finding: finding('', 'max_bytes', `is longer than ${SCHEMA_BYTES_MAX} bytes`) }
  }
  return undefined
}

/** The first place in the text below the deepest allowed level; the root where only references lead that deep. */
function tooDeepAt(root: SchemaObject, depthMax: number): string {
  const look = (schema: SchemaObject, path: string, depth: number): string | undefined => {
    if (depth > depthMax) return path
    for (const { keyword, schema: child, path: childPath } of subschemasOf(schema, path)) {
      if (keyword === '$defs' || keyword === 'definitions') continue
      if (!isJsonObject(child) && keyword !== 'properties' && keyword !== 'patternProperties') continue
      const found = look(isJsonObject(child) ? child : {}, childPath, depth + (STEPS.has(keyword) ? 1 : 0))
      if (found !== undefined) return found
    }
    return undefined
  }
  return look(root, '', 1) ?? ''
}

/** Iterative, level by level: this check is what makes recursion safe everywhere else. */
export function nestsDeeper(value: unknown, levelsMax: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levelsMax) return true
    level = level.flatMap(member => (typeof member === 'object' && member !== null ? Object.values(member) : []))
  }
  return false
}

interface Size {
  depth: number
  evaluations: number
}

/** Sizes of schemas, each computed once however many references lead to it. */
function createWalk({ targets, dynamic }: References) {
  const sizes = new Map<SchemaObject, Size>()
  const open = new Set<SchemaObject>()
  let closing: SchemaObject | undefined

  const lists = new Map<Schema[], Size>()

  /**
   * A dynamic reference counts every possible target; many references may share one list of targets. Undefined: one of
   * them is recursive.
   */
  function visitAll(ends: Schema[], path: string): Size | undefined {
    const known = lists.get(ends)
    if (known) return known
    const together = { depth: 0, evaluations: 0 }
    for (const end of ends) {
      if (typeof end === 'boolean') continue
      if (!visit(end, path)) return undefined
      const { depth, evaluations } = sizes.get(end) as Size
      together.depth = Math.max(together.depth, depth)
      together.evaluations += evaluations
    }
    lists.set(ends, together)
    return together
  }

  /** False when the schema is recursive. */
  function visit(schema: SchemaObject, path: string): boolean {
    if (sizes.has(schema)) return true
    if (open.has(schema)) return false
    open.add(schema)
    const size = { depth: 1, evaluations: 1 + namesListed(schema) }
    const include = (child: Size, levels: number): void => {
      size.depth = Math.max(size.depth, child.depth + levels)
      size.evaluations += child.evaluations
    }
    for (const { keyword, schema: child, path: childPath } of subschemasOf(schema, path)) {
      if (isJsonObject(child)) {
        if (!visit(child, childPath)) return false
        if (keyword !== '$defs' && keyword !== 'definitions')
          include(sizes.get(child) as Size, STEPS.has(keyword) ? 1 : 0)
      } else if (keyword === 'properties' || keyword === 'patternProperties') include({ depth: 1, evaluations: 1 }, 1)
    }
    const target = targets.get(schema)
    const end = dynamic.get(schema)
    for (const ends of [target === undefined ? [] : [target], end ? [end.initial] : [], end?.candidates ?? []]) {
      const together = visitAll(ends, path)
      if (!together) {
        closing ??= schema
        return false
      }
      include(together, 0)
    }
    open.delete(schema)
    sizes.set(schema, size)
    return true
  }

  const sizeOf = (schema: SchemaObject): Size => sizes.get(schema) ?? { depth: 0, evaluations: 0 }
  /** `closing`: the schema whose reference closes a cycle; undefined when there is none. */
  return { visit, sizeOf, closing: () => closing }
}

/** Names that are looked up in an object. */
function namesListed(schema: SchemaObject): number {
  const required = Array.isArray(schema.required) ? schema.required.length : 0
  const dependent = isJsonObject(schema.dependentRequired) ? Object.values(schema.dependentRequired) : []
  return required + dependent.reduce<number>((sum, names) => sum + (Array.isArray(names) ? names.length : 0), 0)
}

function countProperties(schemas: Iterable<SchemaObject>): number {
  let count = 0
  for (const { properties, patternProperties } of schemas) {
    for (const named of [properties, patternProperties]) if (isJsonObject(named)) count += Object.keys(named).length
  }
  return count
}
