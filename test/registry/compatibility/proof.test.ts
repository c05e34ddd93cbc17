/** Looks for false proofs: a version accepted as a proved minor must take every payload that the old version took. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { diffSchemas } from 'json-schema-diff'
import { isJsonObject } from '../../../src/json/json-pointer.ts'
import { compareVersions } from '../../../src/registry/compatibility/minor.ts'
import type { Question } from '../../../src/registry/compatibility/report.ts'
import { filterKeywords, type SchemaObject, schemaPositions } from '../../../src/registry/schema-positions.ts'
import { createJudge } from '../../../src/registry/validation/judge.ts'
import { TIMES } from '../../support/searches.ts'
import { payloads, rewrittenPair, schemaPair } from '../schema-pairs.ts'
import { createSecondOpinion, createThirdOpinion } from '../second-opinion.ts'

type Pair = [old: SchemaObject, next: SchemaObject]

const judgeOf = (schema: SchemaObject) => createJudge(schema, { dialect: 'json-schema-2020-12', formats: 'assert' })
const verdictOf = ([old, next]: Pair, question: Question) =>
  compareVersions(old, next, { strict: false }).result([question])
/** Excludes the optional property of an open model, which is accepted without a proof, and annotations. */
const isProved = (pair: Pair): boolean =>
  verdictOf(pair, 'producers').proof && JSON.stringify(pair[0]) !== JSON.stringify(pair[1])
const anyPair = fc.oneof(schemaPair, rewrittenPair)

describe('a minor that is taken as proved', () => {
  it('takes every payload that the old version took', () => {
    const found = { proved: 0, taken: 0 }
    fc.assert(
      fc.property(anyPair, payloads, (pair, values) => {
        if (!isProved(pair)) return
        found.proved++
        const [before, after] = pair.map(judgeOf) as [ReturnType<typeof judgeOf>, ReturnType<typeof judgeOf>]
        for (const value of values.filter(before.isValid)) {
          found.taken++
          expect([value, after.findings(value, 20)]).toEqual([value, []])
        }
      }),
      { numRuns: 1_000 * TIMES },
    )
    expect(found.proved).toBeGreaterThan(300)
    expect(found.taken).toBeGreaterThan(2_500)
  })

  it('takes them in the eyes of two other validators, too', async () => {
    let proved = 0
    await fc.assert(
      fc.asyncProperty(anyPair, payloads, async (pair, values) => {
        // Neither asserts formats.
        if (JSON.stringify(pair).includes('"format"') || !isProved(pair)) return
        proved++
        const [before, after] = [await createSecondOpinion(pair[0]), await createSecondOpinion(pair[1])]
        for (const value of values) if (before(value)) expect([value, after(value)]).toEqual([value, true])
        const [old, next] = [createThirdOpinion(pair[0]), createThirdOpinion(pair[1])]
        for (const value of values) if (old(value)) expect([value, next(value)]).not.toEqual([value, false])
      }),
      { numRuns: 250 * TIMES },
    )
    expect(proved).toBeGreaterThan(40)
  })

  it('removes nothing by the account of json-schema-diff, as far as that goes', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(schemaPair, async pair => {
        const [sourceSchema, destinationSchema] = pair.map(schema =>
          filterKeywords(schema, isKnownToDiff),
        ) as typeof pair
        if (!isProved([sourceSchema, destinationSchema])) return
        compared++
        const { removedJsonSchema } = await diffSchemas({ sourceSchema, destinationSchema })
        expect([destinationSchema, removedJsonSchema]).toEqual([destinationSchema, false])
      }),
      { numRuns: 250 * TIMES },
    )
    expect(compared).toBeGreaterThan(20)
  })
})

describe('a version that holds what consumers rely on', () => {
  it('takes no payload that the old version refuses, unknown members and wider bounds excepted', () => {
    const found = { held: 0, taken: 0 }
    fc.assert(
      fc.property(anyPair, payloads, ([old, next], values) => {
        const { findings, warnings } = verdictOf([old, next], 'consumers')
        if (findings.length + warnings.length > 0 || !isOpenable(old) || JSON.stringify(old) === JSON.stringify(next))
          return
        found.held++
        const [before, after] = [judgeOf(opened(old)), judgeOf(next)]
        for (const value of values.filter(after.isValid)) {
          const known = withoutUnknown(value, old, next)
          if (known === undefined) continue
          found.taken++
          expect([value, before.findings(value, 20)]).toEqual([value, []])
        }
      }),
      { numRuns: 800 * TIMES },
    )
    expect(found.held).toBeGreaterThan(80)
    expect(found.taken).toBeGreaterThan(400)
  })
})

describe('a refusal', () => {
  it('of a schema written otherwise never comes: it says what it said', () => {
    fc.assert(
      fc.property(rewrittenPair, ([old, next]) => {
        const reasons = compareVersions(old, next, { strict: true }).result(['producers', 'consumers']).findings
        expect(reasons.filter(({ rule }) => rule !== 'not_provable')).toEqual([])
      }),
      { numRuns: 400 * TIMES },
    )
  })
})

/** Combinators under which an opened object accepts less are left out. */
const isOpenable = (schema: SchemaObject): boolean =>
  [...schemaPositions(schema).values()].every(each =>
    Object.keys(each).every(keyword => !['oneOf', 'not', 'if', 'maxContains', 'dependentSchemas'].includes(keyword)),
  )

/** Closed objects as consumers read them. */
const opened = (schema: SchemaObject): SchemaObject =>
  filterKeywords(withoutClosing(schema), () => true) as SchemaObject
const withoutClosing = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema), (key, value) =>
    (key === 'additionalProperties' || key === 'unevaluatedProperties') && value === false ? undefined : value,
  )

/** A property that the new version lists and an open old one does not may hold anything: such payloads are left out. */
function withoutUnknown(value: unknown, old: SchemaObject, next: SchemaObject): unknown {
  const listed = (schema: SchemaObject): Set<string> =>
    new Set(
      [...schemaPositions(schema).values()].flatMap(({ properties }) =>
        isJsonObject(properties) ? Object.keys(properties) : [],
      ),
    )
  const known = listed(old)
  const isNew = [...listed(next)].some(name => !known.has(name) && JSON.stringify(value).includes(JSON.stringify(name)))
  return isNew ? undefined : value
}

/** Its KEYWORDS.md; but `oneOf` may take it for ever, and of `maxProperties: 0` it says that dropping it removes larger objects. */
const KNOWN_TO_DIFF = [
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'allOf',
  'anyOf',
  'not',
  'title',
]
const isKnownToDiff = (keyword: string): boolean =>
  KNOWN_TO_DIFF.includes(keyword) || /^(?:min|max)(?:Length|Items)$|^(?:exclusiveM|m)(?:in|ax)imum$/.test(keyword)
