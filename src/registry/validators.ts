/**
 * Payload schemas as functions (C.11.3). A schema is compiled once per content, by an Ajv of its own that goes when the compiled schema
 * leaves the cache, so nothing grows with the number of schemas ever seen.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Finding } from '../codes.ts'
import type { Registration, SchemaFlavour } from '../control-plane/records.ts'
import { pointerTo } from '../events/json-pointer.ts'
import { finding } from '../events/json-text.ts'
import { measureSchema } from './caps.ts'
import { checkDialect, onlyJudged } from './dialect.ts'
import { addFormats } from './formats.ts'
import { addExactKeywords } from './keywords.ts'
import { compilePattern } from './patterns.ts'
import type { SchemaObject } from './schema-positions.ts'

export type Compiled = { ok: true } | { ok: false; findings: Finding[] }

export interface Validators {
  /** Whether the schema is a draft 2020-12 that payloads can be judged by; findings' paths are pointers into the schema. */
  compile(schema: SchemaObject, flavour: SchemaFlavour): Compiled
  /** What is wrong with a payload: at most 20 findings, paths are pointers into the payload, rule = keyword. Empty: nothing. */
  validate(registration: Pick<Registration, 'schemaHash' | 'payloadSchema' | 'schemaFlavour'>, value: unknown): Finding[]
}

const FINDINGS_MAX = 20
/** Finding every fault costs by schema and payload; beyond so many checks only the first fault is told. */
const THOROUGH_CHECKS_MAX = 100_000

interface Entry {
  /** Stops at the first fault. */
  judge: ValidateFunction
  /** Finds all of them; made when first needed. */
  explain: () => ValidateFunction
  evaluations: number
}

/** `cacheMax`: compiled schemas kept, the least recently used go first; tens of KB each, half a MB with hostile patterns. */
export function createValidators(options: { cacheMax: number }): Validators {
  const entries = new Map<string, Entry>()
  const metaSchema = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })

  function check(schema: SchemaObject, flavour: SchemaFlavour): Finding[] {
    const refused = checkDialect(schema, flavour)
    if (refused.length > 0) return refused.slice(0, FINDINGS_MAX)
    if (metaSchema.validateSchema(onlyJudged(schema)) === true) return []
    return toFindings(metaSchema.errors ?? [])
  }

  function entryOf(registration: Pick<Registration, 'schemaHash' | 'payloadSchema' | 'schemaFlavour'>): Entry {
    const { schemaHash, payloadSchema, schemaFlavour } = registration
    const entry = entries.get(schemaHash) ?? prepare(payloadSchema, schemaFlavour)
    entries.delete(schemaHash)
    entries.set(schemaHash, entry)
    if (entries.size > options.cacheMax) entries.delete(entries.keys().next().value as string)
    return entry
  }

  return {
    compile(schema, flavour) {
      const findings = check(schema, flavour)
      if (findings.length > 0) return { ok: false, findings }
      try {
        compileWith(schema, flavour, false)
        return { ok: true }
      } catch (error) {
        return { ok: false, findings: [finding('', 'compile', error instanceof Error ? error.message : String(error))] }
      }
    },
    validate(registration, value) {
      const entry = entryOf(registration)
      if (entry.judge(value)) return []
      if (entry.evaluations * countValues(value) > THOROUGH_CHECKS_MAX) return toFindings(entry.judge.errors ?? [])
      const explain = entry.explain()
      explain(value)
      return toFindings(explain.errors ?? [])
    },
  }
}

function prepare(schema: SchemaObject, flavour: SchemaFlavour): Entry {
  let explain: ValidateFunction | undefined
  return {
    judge: compileWith(schema, flavour, false),
    explain: () => (explain ??= compileWith(schema, flavour, true)),
    evaluations: measureSchema(schema).evaluations,
  }
}

/** @throws Error with the reason when the schema cannot be compiled. */
function compileWith(schema: SchemaObject, flavour: SchemaFlavour, allErrors: boolean): ValidateFunction {
  const ajv = new Ajv2020({
    allErrors,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowMatchingProperties: true,
    ownProperties: true,
    // Inlined references would multiply the code; a reference is a call instead.
    inlineRefs: false,
    meta: false,
    validateSchema: false,
    logger: false,
    code: { regExp: Object.assign((pattern: string) => compilePattern(pattern), { code: 'compilePattern' }) },
  })
  ajv.addKeyword('$anchor')
  addExactKeywords(ajv)
  addFormats(ajv, flavour)
  return ajv.compile(onlyJudged(schema))
}

/** Objects, arrays and scalars of a value; stops counting when it is more than anyone would explain. */
function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const member of Object.values(value)) {
    count += countValues(member)
    if (count > THOROUGH_CHECKS_MAX) return count
  }
  return count
}

function toFindings(errors: ErrorObject[]): Finding[] {
  return errors.slice(0, FINDINGS_MAX).map(error => finding(pathOf(error), error.keyword, messageOf(error)))
}

/** Where an object has a member too many, the place is that member. */
function pathOf({ instancePath, params }: ErrorObject): string {
  const extra: unknown = params.additionalProperty ?? params.propertyName
  return typeof extra === 'string' ? pointerTo(instancePath, extra) : instancePath
}

const messageOf = (error: ErrorObject): string => error.message ?? `does not satisfy ${error.keyword}`
