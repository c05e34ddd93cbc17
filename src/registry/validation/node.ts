/** A subschema prepared for validation, and the state of one validation. */

import { pointerTo } from '../../json/json-pointer.ts'
import { finding } from '../../json/json-text.ts'
import type { Pattern } from '../../json/patterns.ts'
import type { Finding } from '../../model/codes.ts'
import type { SchemaDialect } from '../../model/registrations.ts'
import type { References, Resource, Schema } from '../references.ts'
import type { ArrayRules } from './arrays.ts'
import type { ObjectRules } from './objects.ts'
import type { Seen } from './seen.ts'
import type { SharedNodes } from './shared-nodes.ts'
import type { Allowed, Bound } from './values.ts'
import { FINDING_WORK, spend } from './work.ts'

/** Fields that a schema does not need are undefined; all nodes have the same fields in the same order. */
export interface Node {
  /** Bits of `KINDS` that the schema accepts; none: it accepts nothing. */
  kinds: number
  maxLength: number | undefined
  minLength: number | undefined
  pattern: Pattern | undefined
  /** `enum`, `const` and `format`. */
  isAllowed: Allowed[] | undefined
  bounds: Bound[] | undefined
  object: ObjectRules | undefined
  array: ArrayRules | undefined
  /** References and combinators. */
  also: Check[] | undefined
  /** `unevaluated…`, which runs after all other keywords. */
  last: Check[] | undefined
  /** Set where the dynamic scope matters. */
  resource: Resource | undefined
  /** Its source, for messages. */
  schema: Schema
}

/** Whether a value satisfies one keyword; the members and items that it evaluated are added to `seen`. */
export type Check = (value: unknown, run: Run, seen: Seen | undefined) => boolean

/** The state of one validation. */
export interface Run {
  /** How many more findings may be collected; 0: stop at the first fault and collect none. */
  room: number
  findings: Finding[]
  /** Keys that lead to the current value; maintained while there is room for findings. */
  path: Array<string | number>
  /** Resources entered, outermost first; maintained where the schema has dynamic references. */
  scope: Resource[]
}

/** The context in which keywords are prepared. */
export interface Making {
  /** The node of a subschema; each schema becomes one node, however many references lead to it. */
  node(schema: unknown): Node
  pattern(text: string): Pattern
  references: References
  options: JudgeOptions
}

export interface JudgeOptions {
  dialect: SchemaDialect
  /** `assert`: formats are validated, as for payloads; `annotate`: they are not. */
  formats: 'assert' | 'annotate'
  /** Documents that references may lead to, by URI. */
  documents?: ReadonlyMap<string, Schema>
  /** Nodes shared between schemas with the same options. */
  shared?: SharedNodes
}

/** Kinds of values. An integer is a whole number; a number that overflowed to infinity in a double is of no kind. */
export const KINDS = {
  string: 1,
  integer: 2,
  fraction: 4,
  infinite: 8,
  boolean: 16,
  null: 32,
  array: 64,
  object: 128,
} as const
export const ANY_KIND = 255

/** A node that accepts everything. */
export const newNode = (schema: Schema): Node => ({
  kinds: schema === false ? 0 : ANY_KIND,
  ...{ maxLength: undefined, minLength: undefined, pattern: undefined, isAllowed: undefined, bounds: undefined },
  ...{ object: undefined, array: undefined, also: undefined, last: undefined, resource: undefined, schema },
})

/** Returns false, and adds a finding where there is room. `key`: the member or item that the finding is about. */
export function fault(run: Run, rule: string, message: string, key?: string | number): false {
  if (run.room === 0) return false
  spend(FINDING_WORK)
  const path = key === undefined ? run.path : [...run.path, key]
  run.findings.push(finding(path.reduce<string>(pointerTo, ''), rule, message))
  run.room--
  return false
}
