/** Finds the numbers of a document that a double cannot represent, for documents that are stored as doubles. */
import type { Finding } from '../model/codes.ts'
import { ExactNumber } from './exact-number.ts'
import { pointerTo } from './json-pointer.ts'
import { finding } from './json-text.ts'

const FINDINGS_MAX = 20
const SHOWN_CHARACTERS_MAX = 40

/** At most 20, with their pointers. `exact` is the `exact` value of `parseJson`, whose nesting is bounded. */
export function inexactNumbers(exact: unknown, path = '', findings: Finding[] = []): Finding[] {
  if (exact instanceof ExactNumber) findings.push(finding(path, 'inexact_number', messageOf(exact)))
  if (typeof exact !== 'object' || exact === null) return findings
  for (const [key, member] of Object.entries(exact)) {
    if (findings.length >= FINDINGS_MAX) return findings
    inexactNumbers(member, pointerTo(path, key), findings)
  }
  return findings
}

function messageOf({ text, nearest }: ExactNumber): string {
  const shown = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text
  if (!Number.isFinite(nearest)) return `${shown} is beyond the range of a double: write a smaller number, or a string`
  return `${shown} does not survive double precision, which makes ${nearest} of it: write a number that it keeps, or a string`
}
