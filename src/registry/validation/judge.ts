/**
 * Validates values by schemas (draft 2020-12). Each subschema becomes one flat node. No code is generated, so a new
 * schema is ready within a millisecond, and text of a schema or payload is never executed. Where thousands of schemas
 * take turns, most of the time goes into fetching them from memory, so nodes are few and small.
 *
 * One pass serves both modes: a yes or no that stops at the first fault, and a list of findings. `Run` selects the
 * mode.
 *
 * Numbers are compared as decimals. A double represents the shortest decimal that reads back as it; a number beyond
 * 2^53 that no double represents is an `ExactNumber` (`parseJson` returns them in `exact`).
 */

import { isJsonObject } from '../../json/json-pointer.ts'
import { finding } from '../../json/json-text.ts'
import { createPatterns } from '../../json/patterns.ts'
import type { Finding } from '../../model/codes.ts'
import { resolveReferences, type Schema } from '../references.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { arrayRules, unevaluatedItems } from './arrays.ts'
import { combinators } from './combinators.ts'
import { judgeValue } from './judge-value.ts'
import { type Check, type JudgeOptions, type Making, type Node, newNode, type Run } from './node.ts'
import { objectRules, unevaluatedProperties } from './objects.ts'
import { referenceChecks } from './reference-checks.ts'
import { prepareValues } from './values.ts'
import { beginWork, spendOnPattern, TooCostly } from './work.ts'

export interface Judge {
  isValid(value: unknown): boolean
  /**
   * At most `max` (from 1) findings, none only if the value is valid: paths are pointers into the value, rules are
   * keywords.
   */
  findings(value: unknown, max: number): Finding[]
}

/** @throws SyntaxError with the reason for a reference, pattern or format that cannot be validated. */
export function createJudge(schema: Schema, options: JudgeOptions): Judge {
  // A function of its own, so that nothing needed for construction is kept.
  const root = makeRoot(schema, options)
  return {
    isValid(value) {
      SILENT.scope.length = 0
      return withinBounds(() => judgeValue(root, value, SILENT, undefined)) ?? false
    },
    findings(value, max) {
      const run: Run = { room: max, findings: [], path: [], scope: [] }
      const holds = withinBounds(() => judgeValue(root, value, run, undefined))
      if (holds) return []
      if (holds === undefined)
        return [finding('', 'too_costly', 'takes more work to judge by its schema than one payload may')]
      return run.findings.length > 0 ? run.findings : [finding('', 'schema', 'does not satisfy the schema')]
    },
  }
}

/** Undefined when the answer would have taken too much work. */
function withinBounds(judge: () => boolean): boolean | undefined {
  beginWork()
  try {
    return judge()
  } catch (error) {
    if (error instanceof TooCostly) return undefined
    throw error
  }
}

/** Shared by all runs without findings: it contains only state that is restored after each use. */
const SILENT: Run = { room: 0, findings: [], path: [], scope: [] }

function makeRoot(schema: Schema, options: JudgeOptions): Node {
  const references = resolveReferences(schema, options.documents)
  const [astray] = references.findings
  if (astray) throw new SyntaxError(`${astray.path} ${astray.message}`)
  const nodes = new Map<SchemaObject, Node>()
  const making: Making = {
    references,
    options,
    pattern: createPatterns(spendOnPattern),
    node(subschema) {
      if (!isJsonObject(subschema)) return newNode(subschema !== false)
      const known = nodes.get(subschema) ?? sharedNode(subschema)
      if (known) return known
      const node = newNode(subschema)
      nodes.set(subschema, node)
      prepare(node, subschema, making)
      return node
    },
  }
  // Where the dynamic scope matters, a node belongs to its resource.
  const shared = references.dynamic.size === 0 ? options.shared : undefined
  const sharedNode = (subschema: SchemaObject) => shared?.get(subschema, copy => prepared(copy, making))
  return making.node(schema)
}

function prepared(schema: SchemaObject, making: Making): Node {
  const node = newNode(schema)
  prepare(node, schema, making)
  return node
}

function prepare(node: Node, schema: SchemaObject, making: Making): void {
  prepareValues(node, schema, making)
  node.array = arrayRules(schema, making)
  node.object = objectRules(schema, making)
  node.also = listed([...referenceChecks(schema, making), ...combinators(schema, making)])
  node.last = listed([...unevaluatedItems(schema, making), ...unevaluatedProperties(schema, making)])
  if (making.references.dynamic.size > 0) node.resource = making.references.resourceOf(schema)
}

const listed = (checks: Check[]): Check[] | undefined => (checks.length === 0 ? undefined : checks)
