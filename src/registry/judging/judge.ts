/**
 * A schema as functions that judge values (draft 2020-12, C.11.3). Each keyword becomes a closure; nothing is generated as text, so a new
 * schema is ready within a millisecond, and what a schema or a payload says is never code.
 *
 * The same closures answer yes or no, stopping at the first fault, or tell what is wrong: `Run` says which.
 */
import type { Finding } from '../../codes.ts'
import type { SchemaFlavour } from '../../control-plane/records.ts'
import { isJsonObject, pointerTo } from '../../events/json-pointer.ts'
import { finding } from '../../events/json-text.ts'
import { createPatterns, type Pattern } from '../patterns.ts'
import { type Resource, resolveReferences, type Schema } from '../references.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { arrayChecks, unevaluatedItems } from './arrays.ts'
import { combinators } from './combinators.ts'
import { objectChecks, unevaluatedProperties } from './objects.ts'
import { referenceChecks } from './reference-checks.ts'
import { valueChecks } from './values.ts'

/** Whether a value satisfies; what it saw of members and items goes to `seen` where a keyword `unevaluated…` will ask for it. */
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

/** Members and items of one value that keywords have judged (the annotations of draft 2020-12, sections 10 and 11). */
export interface Seen {
  all: boolean
  names: Set<string>
  allItems: boolean
  /** Items before this index. */
  itemsBefore: number
  items: Set<number>
}

/** What keywords need to become checks. */
export interface Making {
  /** The check of a subschema; each schema becomes one check, however many references lead to it. */
  check(schema: unknown): Check
  pattern(text: string): Pattern
  references: ReturnType<typeof resolveReferences>
  options: JudgeOptions
}

export interface JudgeOptions {
  flavour: SchemaFlavour
  /** `assert` as payloads are judged; `annotate`: formats judge nothing. */
  formats: 'assert' | 'annotate'
  /** Documents that references may lead to, by URI. */
  documents?: ReadonlyMap<string, Schema>
}

export interface Judge {
  isValid(value: unknown): boolean
  /** At most `max` (from 1) things that are wrong, none only for what is valid: paths are pointers into the value, rules are keywords. */
  findings(value: unknown, max: number): Finding[]
}

/** @throws SyntaxError with the reason for a reference, a pattern or a format that cannot be judged. */
export function createJudge(schema: Schema, options: JudgeOptions): Judge {
  const references = resolveReferences(schema, options.documents)
  const [astray] = references.findings
  if (astray) throw new SyntaxError(`${astray.path} ${astray.message}`)
  const made = new Map<Schema, Check>()
  const patterns = createPatterns()
  const making: Making = {
    references,
    options,
    pattern: patterns,
    check(subschema) {
      if (!isJsonObject(subschema)) return subschema === false ? never : always
      const known = made.get(subschema)
      if (known) return known
      // A schema may lead back to itself: until it is made, it stands for itself.
      let check: Check = never
      made.set(subschema, (value, run, seen) => check(value, run, seen))
      check = checkOf(subschema, making)
      made.set(subschema, check)
      return check
    },
  }
  const root = making.check(schema)
  return {
    isValid(value) {
      SILENT.scope.length = 0
      return root(value, SILENT, undefined)
    },
    findings(value, max) {
      const run = { room: max, findings: [], path: [], scope: [] }
      if (root(value, run, undefined)) return []
      return run.findings.length > 0 ? run.findings : [finding('', 'schema', 'does not satisfy the schema')]
    },
  }
}

/** Where nothing is told all can share one run: nothing is kept in it but what is entered and left again. */
const SILENT: Run = { room: 0, findings: [], path: [], scope: [] }

function checkOf(schema: SchemaObject, making: Making): Check {
  const adjacent = [
    ...referenceChecks(schema, making),
    ...valueChecks(schema, making),
    ...arrayChecks(schema, making),
    ...objectChecks(schema, making),
    ...combinators(schema, making),
  ]
  const last = [...unevaluatedItems(schema, making), ...unevaluatedProperties(schema, making)]
  const check = last.length === 0 ? every(adjacent) : asking(every(adjacent), every(last))
  return making.references.dynamic.size === 0 ? check : entering(making.references.resourceOf(schema), check)
}

/** All of them; with room for findings none is left out. */
export function every(checks: Check[]): Check {
  const [first, second, third] = checks
  if (!first) return always
  if (!second) return first
  // With thousands of schemas the time goes into fetching them from memory: two checks need no list.
  if (!third) {
    return (value, run, seen) => {
      const holds = first(value, run, seen)
      return holds || run.room > 0 ? second(value, run, seen) && holds : false
    }
  }
  return (value, run, seen) => {
    let holds = true
    for (const check of checks) {
      if (check(value, run, seen)) continue
      if (run.room === 0) return false
      holds = false
    }
    return holds
  }
}

/** `unevaluated…` asks what the keywords beside it saw, and tells those around it. */
function asking(adjacent: Check, last: Check): Check {
  return (value, run, seen) => {
    const own = newSeen()
    if (!adjacent(value, run, own) || !last(value, run, own)) return false
    if (seen) addSeen(seen, own)
    return true
  }
}

function entering(resource: Resource, check: Check): Check {
  return (value, run, seen) => {
    if (run.scope.at(-1) === resource) return check(value, run, seen)
    run.scope.push(resource)
    const holds = check(value, run, seen)
    run.scope.pop()
    return holds
  }
}

/** Judges a member or an item: one step further down the path. */
export function below(key: string | number, check: Check, value: unknown, run: Run): boolean {
  if (run.room === 0) return check(value, run, undefined)
  const depth = run.path.push(key)
  const holds = check(value, run, undefined)
  run.path.length = depth - 1
  return holds
}

/** Answers false, and tells why where there is room. `key`: the member that the finding is about. */
export function fault(run: Run, rule: string, message: string, key?: string | number): false {
  if (run.room === 0) return false
  const path = key === undefined ? run.path : [...run.path, key]
  run.findings.push(finding(path.reduce<string>(pointerTo, ''), rule, message))
  run.room--
  return false
}

/** Judges without telling anything. */
export function quietly(check: Check, value: unknown, run: Run, seen: Seen | undefined): boolean {
  const { room } = run
  run.room = 0
  const holds = check(value, run, seen)
  run.room = room
  return holds
}

export const newSeen = (): Seen => ({ all: false, names: new Set(), allItems: false, itemsBefore: 0, items: new Set() })

export function addSeen(to: Seen, from: Seen): void {
  to.all ||= from.all
  to.allItems ||= from.allItems
  to.itemsBefore = Math.max(to.itemsBefore, from.itemsBefore)
  for (const name of from.names) to.names.add(name)
  for (const item of from.items) to.items.add(item)
}

const always: Check = () => true
const never: Check = (_value, run) => fault(run, 'false schema', 'boolean schema is false')
