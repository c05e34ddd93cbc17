/**
 * The body of an emit, read as slices: the payload is cut out in its original bytes and judged in `admit` alone; the
 * fields around it are checked here, since they travel as headers. See docs/specification/emit.md#fields.
 */

import { TOKEN_CHARACTERS_MAX } from '../../events/chain.ts'
import type { EmitRequest } from '../../events/ingress.ts'
import { isIdempotencyKey } from '../../events/ingress-emit.ts'
import type { ReadEmit } from '../../ingress/submit-emit.ts'
import { type Slice, sliceMembers } from '../../json/json-slices.ts'
import { HALF_A_PAIR } from '../../json/json-text.ts'
import type { Finding } from '../../model/codes.ts'
import { isNear, NOT_A_TIME, parseTime, TIME_CHARACTERS_MAX } from '../../model/time.ts'
import { malformed } from '../http/body.ts'

const NAME_CHARACTERS_MAX = 200
const TEXT_CHARACTERS_MAX = 255

type TextField = 'version' | 'idempotencyKey' | 'subject' | 'time' | 'correlationId' | 'chainToken'
const CHARACTERS_MAX: Partial<Record<TextField, number>> = {
  chainToken: TOKEN_CHARACTERS_MAX,
  time: TIME_CHARACTERS_MAX,
}

/** Rules of a field beyond its length; each answers the fault. */
const RULES: Record<TextField, (text: string, nowMs: number) => string | undefined> = {
  version: () => undefined,
  idempotencyKey: text => (isIdempotencyKey(text) ? undefined : 'must be 1 to 255 printable characters'),
  subject: () => undefined,
  time: checkTime,
  correlationId: () => undefined,
  chainToken: () => undefined,
}

/** `within`: one item of a batch. Throws `validation_failed`; pointers start at the root of the document. */
export function readEmit(bytes: Buffer, nowMs: number, within?: Slice): ReadEmit {
  const sliced = sliceMembers(bytes, within)
  if (!sliced.ok) throw malformed(sliced.findings, bytes)
  const findings: Finding[] = []
  const emit: EmitRequest = { fullName: '' }
  let payload: Buffer | undefined
  let named = false
  for (const [field, slice] of sliced.members) {
    if (field === 'payload') payload = bytes.subarray(slice.start, slice.end)
    else if (field === 'name') {
      named = true
      emit.fullName = checkedText(slice, NAME_CHARACTERS_MAX, findings)
    } else if (Object.hasOwn(RULES, field)) readField(emit, field as TextField, slice, nowMs, findings)
    else findings.push({ path: slice.path, rule: 'unknown_field', message: 'is not a field of this call' })
  }
  const root = within?.path ?? ''
  if (!named) findings.push({ path: `${root}/name`, rule: 'required', message: 'is missing' })
  if (payload === undefined) findings.push({ path: `${root}/payload`, rule: 'required', message: 'is missing' })
  if (payload === undefined || findings.length > 0) throw malformed(findings)
  return { emit, payload }
}

function readField(emit: EmitRequest, field: TextField, slice: Slice, nowMs: number, findings: Finding[]): void {
  const before = findings.length
  const text = checkedText(slice, CHARACTERS_MAX[field] ?? TEXT_CHARACTERS_MAX, findings)
  const problem = findings.length > before ? undefined : RULES[field](text, nowMs)
  if (problem !== undefined) findings.push({ path: slice.path, rule: 'format', message: problem })
  // The time is forwarded in one form, whatever form it came in.
  emit[field] = field === 'time' && findings.length === before ? new Date(parseTime(text)!).toISOString() : text
}

function checkedText(slice: Slice, charactersMax: number, findings: Finding[]): string {
  const { value, path } = slice
  if (typeof value !== 'string') findings.push({ path, rule: 'type', message: 'must be string' })
  else if (value.length === 0) findings.push({ path, rule: 'min_length', message: 'must not be empty' })
  else if (value.length > charactersMax && [...value].length > charactersMax)
    findings.push({ path, rule: 'max_length', message: `must be at most ${charactersMax} characters` })
  else if (!value.isWellFormed()) findings.push({ path, rule: 'characters', message: HALF_A_PAIR })
  else return value
  return ''
}

/** Within a day of now. */
function checkTime(text: string, nowMs: number): string | undefined {
  const timeMs = parseTime(text)
  if (timeMs === undefined) return NOT_A_TIME
  return isNear(timeMs, nowMs) ? undefined : 'must be within 24 hours of now'
}
