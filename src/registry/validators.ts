/**
 * Compiled payload schemas: each is compiled at its first use, once per content, and kept while it is used.
 * Registration checks the schema itself against the meta-schema of draft 2020-12.
 */

import { finding } from '../json/json-text.ts'
import type { Finding } from '../model/codes.ts'
import type { Registration, SchemaDialect } from '../model/registrations.ts'
import { createCache } from './cache.ts'
import { checkKeywords, onlyJudged } from './keywords.ts'
import { createMetaJudge } from './meta-schema.ts'
import type { SchemaObject } from './schema-positions.ts'
import { unjudgeableIn } from './unjudgeable.ts'
import { createJudge, type Judge } from './validation/judge.ts'
import { createSharedNodes } from './validation/shared-nodes.ts'

export type Compiled = { ok: true } | { ok: false; findings: Finding[] }

export interface Validators {
  /** Whether payloads can be validated by the schema; paths of findings are pointers into the schema. */
  compile(schema: SchemaObject, dialect: SchemaDialect): Compiled
  /**
   * The problems of a payload: at most 20 findings, paths are pointers into the payload, rule = keyword. Empty: it is
   * valid.
   */
  validate(
    registration: Pick<Registration, 'schemaHash' | 'payloadSchema' | 'schemaFlavour'>,
    value: unknown,
  ): Finding[]
}

const FINDINGS_MAX = 20
/** Nodes shared by schemas of one dialect; a few hundred bytes each. */
const SHARED_MAX = 10_000

/** `cacheMax`: most compiled schemas; tens of KB each, half a MB with hostile patterns. */
export function createValidators(options: { cacheMax: number }): Validators {
  const judges = createCache<Judge>(options.cacheMax)
  const metaSchemas = {
    'json-schema-2020-12': createMetaJudge('json-schema-2020-12'),
    'openapi-3.1': createMetaJudge('openapi-3.1'),
  }
  const shared = { 'json-schema-2020-12': createSharedNodes(SHARED_MAX), 'openapi-3.1': createSharedNodes(SHARED_MAX) }
  const makeJudge = (schema: SchemaObject, dialect: SchemaDialect): Judge =>
    createJudge(schema, { dialect, formats: 'assert', shared: shared[dialect] })

  function check(schema: SchemaObject, dialect: SchemaDialect): Finding[] {
    const refused = checkKeywords(schema, dialect)
    if (refused.length > 0) return refused.slice(0, FINDINGS_MAX)
    return metaSchemas[dialect].findings(schema, FINDINGS_MAX)
  }

  function judgeOf({ schemaHash, payloadSchema, schemaFlavour }: Parameters<Validators['validate']>[0]): Judge {
    return judges.get(schemaHash, () => makeJudge(payloadSchema, schemaFlavour))
  }

  return {
    compile(schema, dialect) {
      const findings = check(schema, dialect)
      if (findings.length > 0) return { ok: false, findings }
      try {
        makeJudge(schema, dialect)
        return { ok: true }
      } catch (error) {
        const places = unjudgeableIn(onlyJudged(schema)).slice(0, FINDINGS_MAX)
        return {
          ok: false,
          findings: places.length > 0 ? places : [finding('', 'compile', `cannot be taken: ${reasonOf(error)}`)],
        }
      }
    },
    validate(registration, value) {
      const judge = judgeOf(registration)
      return judge.isValid(value) ? [] : judge.findings(value, FINDINGS_MAX)
    },
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
