/**
 * Whether a change may be a minor (docs/specification/registry.md#minor-versions, docs/registry.md): a decision
 * procedure that says yes only with a proof, and gives a reason only with a value that shows it. Undecided changes are
 * refused as `not_provable`.
 */

import { identityOf } from '../../json/canonical-json.ts'
import { pointerTo } from '../../json/json-pointer.ts'
import { type References, resolveReferences } from '../references.ts'
import { filterKeywords, type SchemaObject, schemaPositions } from '../schema-positions.ts'
import { createComparison } from './compare.ts'
import { createForms } from './form.ts'
import { createReader } from './literals.ts'
import { createMeanings, isAnnotation, RecursiveSchema } from './meaning.ts'
import { createReading } from './opened.ts'
import { beginProof, ProofTooLong } from './proof-work.ts'
import { BOTH, createReport, type MinorReport, type MinorResult, type Question } from './report.ts'
import { createSearch } from './search.ts'

/** Strings of the schemas that are tried as values. */
const HINTS_MAX = 60

/**
 * `strict`: the organization refuses every change that is not proved, including an optional property added to an open
 * model. `questions`: what a version must hold to. The work is bounded, whatever the texts contain.
 */
export function checkMinor(
  old: SchemaObject,
  next: SchemaObject,
  { strict, questions = BOTH }: { strict: boolean; questions?: readonly Question[] } = { strict: false },
): MinorResult {
  return compareVersions(old, next, { strict }).result(questions)
}

/** The findings for both questions. */
export function compareVersions(old: SchemaObject, next: SchemaObject, { strict }: { strict: boolean }): MinorReport {
  const report = createReport({ strict })
  const [before, after] = [resolveReferences(old), resolveReferences(next)]
  if (refuseDynamicScope(old, next, before, after, report)) return report
  beginProof()
  try {
    const numbers = new Map<string, number>()
    const forms = createForms()
    const comparison = createComparison({
      ...{ forms, report, reading: createReading(forms), search: createSearch(forms, hintsIn(old, next)) },
      old: createReader(forms, before, createMeanings(before, numbers)),
      next: createReader(forms, after, createMeanings(after, numbers)),
    })
    comparison.compare([{ schema: old, path: '' }], [{ schema: next, path: '' }], '', BOTH)
  } catch (error) {
    const why = whyUndecided(error)
    if (why === undefined) throw error
    report.refuse(BOTH, 'not_provable', '', why)
  }
  return report
}

function whyUndecided(error: unknown): string | undefined {
  if (error instanceof RecursiveSchema) return 'a schema that leads back to itself is not compared'
  if (error instanceof ProofTooLong)
    return 'takes too much work to prove: change less in one version, or make this a major'
  return error instanceof SyntaxError ? `cannot be compared: ${error.message}` : undefined
}

/** Where a dynamic reference has several targets, any change elsewhere may change its target. */
function refuseDynamicScope(
  old: SchemaObject,
  next: SchemaObject,
  before: References,
  after: References,
  report: MinorReport,
): boolean {
  const choosing = (side: References) => [...side.dynamic].find(([, { candidates }]) => candidates.length > 1)?.[0]
  const found = choosing(after) ?? choosing(before)
  if (!found) return false
  const judging = (schema: SchemaObject): string =>
    identityOf(filterKeywords(schema, keyword => !isAnnotation(keyword)))
  if (judging(old) !== judging(next)) {
    const at = pointerTo(after.pathOf(found), '$dynamicRef')
    report.refuse(BOTH, 'not_provable', at, 'has a choice of anchors: nothing may change beside it')
  }
  return true
}

/** Constants and examples of the two schemas. */
function hintsIn(...schemas: SchemaObject[]): Set<string> {
  const hints = new Set<string>()
  for (const schema of schemas)
    for (const { enum: allowed, const: only, examples, example, default: usual } of schemaPositions(schema).values())
      for (const value of [only, example, usual, ...listIn(allowed), ...listIn(examples)])
        if (typeof value === 'string' && hints.size < HINTS_MAX) hints.add(value)
  return hints
}

const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, HINTS_MAX) : [])
