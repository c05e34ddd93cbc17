import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { isRegistrable, type TypesCase } from '../../../conformance/types/case.ts'
import { differencesOf } from '../../../conformance/types/differences.ts'
import { generatedCases } from '../../../conformance/types/generated-cases.ts'
import { type Outcome, WORKSHOPS, type Workshop } from '../../../conformance/types/languages.ts'
import { realCases } from '../../../conformance/types/real-cases.ts'
import { sameJson } from '../../../conformance/types/same-json.ts'
import { TIMES } from '../../support/searches.ts'
import { ATTACKS } from './attacks.ts'

/** The conformance suite runs 200 and all. */
const [GENERATED, REAL] = [10 * TIMES, 2 * TIMES]

/** Payloads that a language cannot carry: it refuses them and says why. */
const REFUSED: Record<string, { payload: string; reason: string }> = {
  'an integer beyond int64': { payload: '{"count":9223372036854775808}', reason: '"count"' },
  'half a surrogate pair': { payload: '{"text":"\\ud83d"}', reason: 'half a surrogate pair' },
  'a required property that is absent': { payload: '{}', reason: '"count" is missing' },
}
const COUNTED: TypesCase = {
  title: 'what Go refuses',
  schema: { type: 'object', properties: { count: { type: 'integer' }, text: { type: 'string' } }, required: ['count'] },
  payloads: [...Object.values(REFUSED).map(({ payload }) => payload), '{"count":1,"text":"\\ud83d\\ude00\\\\ud83d"}'],
}

/** Closed, and a payload with a property that a later minor brings. */
const LATER: TypesCase = {
  title: 'a later version',
  schema: {
    type: 'object',
    properties: { a: { type: 'object', properties: {}, additionalProperties: false } },
    additionalProperties: false,
  },
  payloads: ['{"a":{"new":[1]},"later":{"x":null}}'],
}

const isInstalled = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0

describe.each(WORKSHOPS)('a payload through its type in $language', (workshop: Workshop) => {
  const missing = workshop.tools.filter(tool => !isInstalled(tool))
  if (missing.length > 0) {
    const notice = `${missing.join(', ')} is not on the PATH: the types of ${workshop.language} are not run here`
    console.warn(notice)
    it.skip(notice, () => undefined)
    return
  }

  // The compiler of TypeScript refuses literals that are not of their type; at run time its types do nothing.
  const isReading = workshop.language !== 'typescript'
  const others = [...generatedCases(GENERATED, 1), ...realCases().slice(0, REAL)]
  const cases = [...ATTACKS, ...others, ...(isReading ? [LATER] : []), ...(workshop.language === 'go' ? [COUNTED] : [])]
  let outcomes: Outcome[][] = []
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clarion-types-'))
    outcomes = await workshop.roundTrip(cases, folder).finally(() => rmSync(folder, { recursive: true }))
  }, 300_000)
  afterAll(() => {
    outcomes = []
  })

  const outcomesOf = (title: string): Outcome[] => outcomes[cases.findIndex(each => each.title === title)] ?? []

  it.each(ATTACKS)('comes out equal and is accepted again: $title', attack => {
    expect(differencesOf(workshop.language, [attack], [outcomesOf(attack.title)])).toEqual([])
  })

  it('comes out equal and is accepted again, for schemas at random and of real events', () => {
    expect(
      differencesOf(
        workshop.language,
        others,
        others.map(({ title }) => outcomesOf(title)),
      ),
    ).toEqual([])
  })

  if (isReading) {
    it('keeps the members of a later version, also where the schema is closed', () => {
      const [outcome] = outcomesOf(LATER.title)
      expect(sameJson((outcome as { written: string }).written, LATER.payloads[0] as string)).toBe(true)
    })
  }

  if (workshop.language === 'go') {
    it.each(Object.entries(REFUSED))('is refused rather than changed: %s', (_, { payload, reason }) => {
      const outcome = outcomesOf(COUNTED.title)[COUNTED.payloads.indexOf(payload)]
      expect(outcome).toEqual({ refused: expect.stringContaining(reason) })
    })

    it('keeps pairs of surrogates, and backslashes before what looks like half of one', () => {
      const [payload, outcome] = [COUNTED.payloads.at(-1), outcomesOf(COUNTED.title).at(-1)]
      expect(sameJson((outcome as { written: string }).written, payload as string)).toBe(true)
    })
  }
})

it('the cases are schemas that can be registered, and every one has payloads', () => {
  const cases = [...ATTACKS, COUNTED, ...generatedCases(GENERATED, 1), ...realCases()]
  expect(cases.filter(({ schema, payloads }) => !isRegistrable(schema) || payloads.length === 0)).toEqual([])
})

it('two texts are the same JSON if their values are, to the last digit', () => {
  expect(sameJson('{"a":1.0,"b":[1e3]}', '{"b":[1000],"a":1}')).toBe(true)
  expect(sameJson('{"a":9007199254740993}', '{"a":9007199254740992}')).toBe(false)
  expect(sameJson('{"a":9007199254740993}', '{"a":9007199254740992}', { doubles: true })).toBe(true)
  expect(sameJson('{"a":"1.0"}', '{"a":"1"}')).toBe(false)
  expect(sameJson('{"a":null}', '{}')).toBe(false)
})
