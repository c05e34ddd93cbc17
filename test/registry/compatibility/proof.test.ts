/** Looks for false proofs: a version accepted as a proved minor must take every payload that the old version took. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { diffSchemas } from 'json-schema-diff'
import { checkMinor } from '../../../src/registry/compatibility/minor.ts'
import { filterKeywords, type SchemaObject } from '../../../src/registry/schema-positions.ts'
import { createJudge } from '../../../src/registry/validation/judge.ts'
import { TIMES } from '../../support/searches.ts'
import { payloads, schemaPair } from '../schema-pairs.ts'
import { createSecondOpinion } from '../second-opinion.ts'

const judgeOf = (schema: SchemaObject) => createJudge(schema, { dialect: 'json-schema-2020-12', formats: 'assert' })
/** Excludes the optional property of an open model, which is accepted without a proof, and annotations. */
const isProved = ([old, next]: [SchemaObject, SchemaObject]) =>
  checkMinor(old, next).proof && JSON.stringify(old) !== JSON.stringify(next)

describe('a minor that is taken as proved', () => {
  it('takes every payload that the old version took', () => {
    const found = { proved: 0, taken: 0 }
    fc.assert(
      fc.property(schemaPair, payloads, (pair, values) => {
        if (!isProved(pair)) return
        found.proved++
        const [before, after] = pair.map(judgeOf) as [ReturnType<typeof judgeOf>, ReturnType<typeof judgeOf>]
        for (const value of values.filter(before.isValid)) {
          found.taken++
          expect([value, after.findings(value, 20)]).toEqual([value, []])
        }
      }),
      { numRuns: 1_500 * TIMES },
    )
    expect(found.proved).toBeGreaterThan(150)
    expect(found.taken).toBeGreaterThan(1_500)
  })

  it('takes them in the eyes of another validator, too', async () => {
    let proved = 0
    await fc.assert(
      fc.asyncProperty(schemaPair, payloads, async (pair, values) => {
        if (!isProved(pair)) return
        proved++
        const [before, after] = [await createSecondOpinion(pair[0]), await createSecondOpinion(pair[1])]
        for (const value of values) if (before(value)) expect([value, after(value)]).toEqual([value, true])
      }),
      { numRuns: 400 * TIMES },
    )
    expect(proved).toBeGreaterThan(12)
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
      { numRuns: 400 * TIMES },
    )
    expect(compared).toBeGreaterThan(35)
  })
})

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
