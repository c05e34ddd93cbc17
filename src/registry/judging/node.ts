/** A subschema prepared for judging, and one value being judged. */

import { pointerTo } from '../../json/json-pointer.ts'
import { finding } from '../../json/json-text.ts'
import type { Pattern } from '../../json/patterns.ts'
import type { Finding } from '../../model/codes.ts'
import type { SchemaFlavour } from '../../model/records.ts'
import type { References, Resource, Schema } from '../references.ts'
import type { ArrayRules } from './arrays.ts'
import type { ObjectRules } from './objects.ts'
import type { Seen } from './seen.ts'
import type { SharedNodes } from './shared-nodes.ts'
import type { Allowed, Bound } from './values.ts'
import { FINDING_WORK, spend } from './work.ts'

/** Fields that a schema does not need are undefined; all nodes have the same ones, in the same order. */
export interface Node {
  /** Bits of `KINDS` that the schema takes; none: it takes nothing at all. */
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
  /** `unevaluated…`, asked after all others. */
  last: Check[] | undefined
  /** Set where the dynamic scope matters. */
  resource: Resource | undefined
  /** What it was made from, for the words of findings. */
  schema: Schema
}

/** Whether a value satisfies one keyword; what it saw of members and items goes to `seen`. */
export type Check = (value: unknown, run: Run, seen: Seen | undefined) => boolean

/** One value being judged. */
export interface Run {
  /** Room for so many findings is left; 0: stop at the first fault and tell nothing. */
  room: number
  findings: Finding[]
  /** Keys that lead to the value at hand; kept while there is room for findings. */
  path: Array<string | number>
  /** Resources entered, outermost first; kept where the schema has dynamic references. */
  scope: Resource[]
}

/** What keywords need to be prepared. */
export interface Making {
  /** The node of a subschema; each schema becomes one node, however many references lead to it. */
  node(schema: unknown): Node
  pattern(text: string): Pattern
  references: References
  options: JudgeOptions
}

export interface JudgeOptions {
  flavour: SchemaFlavour
  /** `assert` as payloads are judged; `annotate`: formats judge nothing. */
  formats: 'assert' | 'annotate'
  /** Documents that references may lead to, by URI. */
  documents?: ReadonlyMap<string, Schema>
  /** Of schemas that are judged by the same options. */
  shared?: SharedNodes
}

/** Kinds of values. An integer is a number that is whole; what double precision turned to infinity is no number that was sent. */
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

/** A node that takes anything. */
export const newNode = (schema: Schema): Node => ({
  kinds: schema === false ? 0 : ANY_KIND,
  ...{ maxLength: undefined, minLength: undefined, pattern: undefined, isAllowed: undefined, bounds: undefined },
  ...{ object: undefined, array: undefined, also: undefined, last: undefined, resource: undefined, schema },
})

/** Answers false, and tells why where there is room. `key`: the member or item that the finding is about. */
export function fault(run: Run, rule: string, message: string, key?: string | number): false {
  if (run.room === 0) return false
  spend(FINDING_WORK)
  const path = key === undefined ? run.path : [...run.path, key]
  run.findings.push(finding(path.reduce<string>(pointerTo, ''), rule, message))
  run.room--
  return false
}
