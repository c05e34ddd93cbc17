/** Payloads that do not come out equal, or are not accepted again. */
import type { Language } from '../../src/registry/types/languages.ts'
import { findingsOf, type TypesCase } from './case.ts'
import type { Outcome } from './languages.ts'
import { sameJson } from './same-json.ts'

export interface Difference {
  /** The case. */
  title: string
  text: string
}

export function differencesOf(
  language: Language,
  cases: readonly TypesCase[],
  outcomes: readonly Outcome[][],
): Difference[] {
  // Doubles are what JSON.parse makes of numbers, with types and without.
  const doubles = language === 'typescript'
  return cases.flatMap(({ title, schema, payloads }, index) =>
    payloads.flatMap((payload, at): Difference[] => {
      const problem = problemOf(schema, payload, outcomes[index]?.[at], doubles)
      return problem === undefined ? [] : [{ title, text: `${language}, ${title}: ${problem}` }]
    }),
  )
}

function problemOf(
  schema: TypesCase['schema'],
  payload: string,
  outcome: Outcome | undefined,
  doubles: boolean,
): string | undefined {
  if (outcome === undefined) return `no answer to ${payload}`
  if ('refused' in outcome) return `${outcome.refused}: ${payload}`
  if (!sameJson(payload, outcome.written, { doubles })) return `${payload}\n  became ${outcome.written}`
  const [finding] = findingsOf(schema, outcome.written)
  return finding && `${outcome.written} is refused: ${finding.path} ${finding.message}`
}
