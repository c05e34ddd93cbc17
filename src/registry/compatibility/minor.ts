/**
 * Whether a change may be a minor (docs/specification/registry.md#minor-versions, docs/registry.md): a decision
 * procedure that says yes only with a proof. A schema is the conjunction of its keywords; each changed keyword must
 * accept every value that it accepted before and keep the guarantees that consumers rely on. An unchanged keyword needs
 * no proof, provided its meaning does not depend on a changed keyword beside it. Undecided changes are refused.
 */

import { identityOf } from '../../json/canonical-json.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import { createPatterns, type Pattern } from '../../json/patterns.ts'
import { type References, resolveReferences } from '../references.ts'
import { filterKeywords, type SchemaObject } from '../schema-positions.ts'
import { beginWork, spendOnPattern, TooCostly } from '../validation/work.ts'
import { compareBounds } from './bounds.ts'
import { compareItems } from './items.ts'
import { createMeanings, isAnnotation, isSemantic, type Meanings, RecursiveSchema } from './meaning.ts'
import { compareMembers } from './members.ts'
import { createReport, type MinorReport, type MinorResult } from './report.ts'
import { compareValues } from './values.ts'

/** One side of the comparison. */
interface Side {
  references: References
  meanings: Meanings
}

/** An old and a new schema for the same values, with the functions that compare their parts. */
export interface Pair {
  before: SchemaObject
  after: SchemaObject
  /** Pointer of `after` in the new schema. */
  path: string
  report: MinorReport
  /** Whether a keyword means the same in both. */
  isSame(keyword: string): boolean
  /** Whether a schema of the old document means the same as one of the new document. */
  equivalent(old: unknown, next: unknown): boolean
  /** Compares a part of the old schema with one of the new. */
  compare(old: unknown, next: unknown, path: string): void
  /** The compiled patterns of the old schema. */
  pattern(text: string): Pattern
}

/**
 * `strict`: the organization refuses every change that is not proved, including an optional property added to an open
 * model. The time is bounded by the size of the two texts, whatever they contain.
 */
export function checkMinor(
  old: SchemaObject,
  next: SchemaObject,
  { strict }: { strict: boolean } = { strict: false },
): MinorResult {
  const report = createReport({ strict })
  const numbers = new Map<string, number>()
  const sideOf = (schema: SchemaObject): Side => {
    const references = resolveReferences(schema)
    return { references, meanings: createMeanings(references, numbers) }
  }
  const [before, after] = [sideOf(old), sideOf(next)]
  beginWork()
  try {
    const compare = createComparison(before, after, report)
    if (refuseDynamicScope(old, next, before, after, report)) return report.result()
    compare(old, next, '')
  } catch (error) {
    if (error instanceof RecursiveSchema)
      report.refuse('not_provable', '', 'a schema that leads back to itself is not compared')
    else if (error instanceof TooCostly)
      report.refuse('not_provable', '', 'its names are too long for its patterns to be compared')
    else if (error instanceof SyntaxError) report.refuse('not_provable', '', `cannot be compared: ${error.message}`)
    else throw error
  }
  return report.result()
}

/** Where a dynamic reference has several targets, any change elsewhere may change its target. */
function refuseDynamicScope(
  old: SchemaObject,
  next: SchemaObject,
  before: Side,
  after: Side,
  report: MinorReport,
): boolean {
  const choosing = (side: Side) => [...side.references.dynamic].find(([, { candidates }]) => candidates.length > 1)?.[0]
  const found = choosing(after) ?? choosing(before)
  const judging = (schema: SchemaObject): string =>
    identityOf(filterKeywords(schema, keyword => !isAnnotation(keyword)))
  if (!found || judging(old) === judging(next)) return false
  report.refuse(
    'not_provable',
    pointerTo(after.references.pathOf(found), '$dynamicRef'),
    'has a choice of anchors: nothing may change beside it',
  )
  return true
}

function createComparison(beforeSide: Side, afterSide: Side, report: MinorReport): Pair['compare'] {
  const compared = new Map<SchemaObject, Set<SchemaObject>>()
  const pattern = createPatterns(spendOnPattern)
  const equivalent = (old: unknown, next: unknown): boolean =>
    beforeSide.meanings.of(old) === afterSide.meanings.of(next)

  function compare(old: unknown, next: unknown, path: string): void {
    if (equivalent(old, next)) return
    const from = effective(old, beforeSide.references)
    const to = effective(next, afterSide.references)
    if (from === false || to === false) {
      report.refuse('not_provable', path)
      return
    }
    const [before, after] = [from === true ? {} : from, to === true ? {} : to]
    // Many references may lead to the same pair; it is compared once.
    const others = compared.get(before) ?? new Set()
    if (others.has(after)) return
    compared.set(before, others.add(after))
    const at = to === next || to === true ? path : afterSide.references.pathOf(after)
    comparePair({
      ...{ before, after, path: at, report, equivalent, compare, pattern },
      isSame: keyword =>
        beforeSide.meanings.ofKeyword(before, keyword) === afterSide.meanings.ofKeyword(after, keyword),
    })
  }

  function comparePair(pair: Pair): void {
    compareReferences(pair, beforeSide, afterSide)
    compareValues(pair)
    compareBounds(pair)
    compareMembers(pair)
    compareItems(pair)
    for (const keyword of undecided(pair)) report.refuse('not_provable', pointerTo(pair.path, keyword))
    refuseUnevaluated(pair)
  }

  return compare
}

/** A schema that consists of a reference only is replaced by its target. */
function effective(schema: unknown, { targets }: References): SchemaObject | boolean {
  let found: unknown = schema
  while (isJsonObject(found) && targets.has(found) && Object.keys(found).filter(isSemantic).length === 1)
    found = targets.get(found)
  return isJsonObject(found) ? found : found !== false
}

/** Beside other keywords, a reference is one more keyword. */
function compareReferences(pair: Pair, beforeSide: Side, afterSide: Side): void {
  if (pair.isSame('$ref')) return
  const [old, next] = [beforeSide.references.targets.get(pair.before), afterSide.references.targets.get(pair.after)]
  const at = pointerTo(pair.path, '$ref')
  if (old === undefined || next === undefined) pair.report.refuse('not_provable', at)
  else pair.compare(old, next, isJsonObject(next) ? afterSide.references.pathOf(next) : at)
}

/** Keywords with comparison rules of their own. */
const DECIDED = new Set([
  ...['$ref', 'type', 'format', 'enum', 'const', 'pattern', 'multipleOf', 'uniqueItems'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minLength', 'maxLength', 'minItems', 'maxItems'],
  ...['minProperties', 'maxProperties', 'minContains', 'maxContains'],
  ...['properties', 'patternProperties', 'additionalProperties', 'required', 'prefixItems', 'items'],
])

/** All other keywords, combinators included, must keep their meaning. */
function undecided({ before, after, isSame }: Pair): string[] {
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keywords].filter(keyword => isSemantic(keyword) && !DECIDED.has(keyword) && !isSame(keyword))
}

const UNEVALUATED = ['unevaluatedProperties', 'unevaluatedItems']
/** Keywords that determine which members and items `unevaluated…` treats as evaluated. */
const APPLICATORS = [
  '$ref',
  '$dynamicRef',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'contains',
]

/** `unevaluated…` applies to the members that the keywords beside it leave over, so those keywords must not change. */
function refuseUnevaluated({ before, after, path, isSame, report }: Pair): void {
  const keyword = UNEVALUATED.find(each => Object.hasOwn(after, each))
  if (!keyword) return
  const judged = ({
    properties,
    patternProperties,
    additionalProperties,
    prefixItems,
    items,
  }: SchemaObject): string => {
    const names = [properties, patternProperties].map(each => Object.keys(isJsonObject(each) ? each : {}).sort())
    return JSON.stringify([
      ...names,
      additionalProperties === undefined,
      items === undefined,
      Array.isArray(prefixItems) ? prefixItems.length : 0,
    ])
  }
  if (judged(before) === judged(after) && APPLICATORS.every(isSame)) return
  report.refuse(
    'not_provable',
    pointerTo(path, keyword),
    'speaks of what is left over, and what is beside it changed: leave that as it was',
  )
}
