/**
 * The body of an emit (C.11.4), read by its slices: the payload is cut out as the bytes that came in and judged in `admit` alone; what
 * stands around it is checked here, since it travels as headers.
 */
import { ClarionError, type Finding } from '../codes.ts'
import { TOKEN_CHARACTERS_MAX } from '../events/chain.ts'
import type { EmitRequest } from '../events/ingress.ts'
import { isIdempotencyKey } from '../events/ingress-emit.ts'
import { type Slice, sliceMembers } from '../events/json-slices.ts'
import { isNear, parseTime } from '../events/time.ts'
import { malformed } from './body.ts'

export interface ReadEmit {
  emit: EmitRequest
  payload: Buffer
}

const NAME_CHARACTERS_MAX = 200
const TEXT_CHARACTERS_MAX = 255

type TextField = 'version' | 'idempotencyKey' | 'subject' | 'time' | 'correlationId' | 'chainToken'
/** What else a field must be, beyond a text of 1 to 255 characters (a chain token may be longer); answers what is wrong. */
const RULES: Record<TextField, (text: string, nowMs: number) => string | undefined> = {
  version: () => undefined,
  idempotencyKey: text => (isIdempotencyKey(text) ? undefined : 'must be 1 to 255 printable characters'),
  subject: () => undefined,
  time: checkTime,
  correlationId: () => undefined,
  chainToken: () => undefined,
}

/** `within`: one item of a batch. Throws `validation_failed`; pointers begin at the document's root. */
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
  const text = checkedText(slice, field === 'chainToken' ? TOKEN_CHARACTERS_MAX : TEXT_CHARACTERS_MAX, findings)
  const problem = findings.length > before ? undefined : RULES[field](text, nowMs)
  if (problem !== undefined) findings.push({ path: slice.path, rule: 'format', message: problem })
  emit[field] = text
}

function checkedText(slice: Slice, charactersMax: number, findings: Finding[]): string {
  const { value, path } = slice
  if (typeof value !== 'string') findings.push({ path, rule: 'type', message: 'must be string' })
  else if (value.length === 0) findings.push({ path, rule: 'min_length', message: 'must not be empty' })
  else if (value.length > charactersMax && [...value].length > charactersMax)
    findings.push({ path, rule: 'max_length', message: `must be at most ${charactersMax} characters` })
  else return value
  return ''
}

/** C.0.3: within a day of now. */
function checkTime(text: string, nowMs: number): string | undefined {
  const timeMs = parseTime(text)
  if (timeMs === undefined) return 'must be a date-time with a zone (RFC 3339)'
  return isNear(timeMs, nowMs) ? undefined : 'must be within 24 hours of now'
}

/** C.11.4: body field and header must agree if both are given. */
export function agreeOnKey(emit: EmitRequest, header: string | string[] | undefined): void {
  if (header === undefined) return
  const key = Array.isArray(header) ? header.join(', ') : header
  const message = !isIdempotencyKey(key)
    ? 'must be 1 to 255 printable characters'
    : emit.idempotencyKey !== undefined && emit.idempotencyKey !== key
      ? 'differs from the Idempotency-Key header'
      : undefined
  if (message === undefined) emit.idempotencyKey = key
  else {
    const details = [{ path: '/idempotencyKey', rule: 'idempotency_key', message }]
    throw new ClarionError('validation_failed', `The idempotency key ${message}.`, { details })
  }
}
