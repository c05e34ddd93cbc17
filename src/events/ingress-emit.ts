/** What a producer asks for in the headers of its record (C.17), each value checked once here and trusted after. */
import { isUtf8 } from 'node:buffer'
import type { Finding } from '../codes.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { PlatformFacts } from './ingress.ts'
import { finding } from './json-text.ts'
import { isNear, parseTime } from './time.ts'

export interface ProducerEmit {
  /** `<namespace>.<name>` as asked for; empty when there is none. */
  fullName: string
  version: string | undefined
  idempotencyKey: string | undefined
  subject: string | undefined
  /** When it happened; undefined: when it was recorded. */
  timeMs: number | undefined
  correlationId: string | undefined
  chainToken: string | undefined
  /** What is wrong with the headers; empty when nothing is. */
  findings: Finding[]
}

export interface IngressEmit extends ProducerEmit {
  /** Null: no valid tag, so the organization's own producer wrote it. */
  platform: PlatformFacts | null
  channel: 'http' | 'kafka' | 'platform'
}

const NAME_CHARACTERS_MAX = 200
const HEADER_CHARACTERS_MAX = 255
/** A character has at most four bytes in UTF-8; what is longer is not even decoded. */
const BYTES_PER_CHARACTER = 4
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

/** What nearly every key is; told without looking at each character's category. */
const PLAIN = /^[ -~]{1,255}$/

/** 1 to 255 printable characters (C.11.4). */
export function isIdempotencyKey(text: string): boolean {
  if (PLAIN.test(text)) return true
  if (text.length < 1 || text.length > 2 * HEADER_CHARACTERS_MAX) return false
  return [...text].length <= HEADER_CHARACTERS_MAX && !UNPRINTABLE.test(text)
}

/**
 * CloudEvents' Kafka binding writes attributes with an underscore (`ce_type`), C.17 with a hyphen: both are understood, and `name` goes
 * before either. The subject may be the record's key.
 */
export function readProducerHeaders(record: LogRecord): ProducerEmit {
  const { headers } = record
  const findings: Finding[] = []

  function read(bytes: Buffer | null | undefined, path: string, charactersMax: number): string | undefined {
    if (bytes === null || bytes === undefined) return undefined
    if (bytes.length > charactersMax * BYTES_PER_CHARACTER) {
      findings.push(finding(path, 'max_length', `must be at most ${charactersMax} characters`))
      return undefined
    }
    if (!isUtf8(bytes)) {
      findings.push(finding(path, 'utf8', 'must be UTF-8'))
      return undefined
    }
    const text = bytes.toString('utf8')
    if (text.length <= charactersMax || [...text].length <= charactersMax) return text
    findings.push(finding(path, 'max_length', `must be at most ${charactersMax} characters`))
    return undefined
  }

  /** The first of these headers that is there. */
  function header(charactersMax: number, ...names: string[]): string | undefined {
    const name = names.find(candidate => headers[candidate])
    return name === undefined ? undefined : read(headers[name], `/headers/${name}`, charactersMax)
  }

  const fullName = header(NAME_CHARACTERS_MAX, 'name', 'ce-type', 'ce_type')
  if (!fullName && findings.length === 0) findings.push(finding('/headers/name', 'required', 'must name the event: <namespace>.<name>'))
  const idempotencyKey = header(HEADER_CHARACTERS_MAX, 'idempotency-key')
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
    findings.push(finding('/headers/idempotency-key', 'printable', 'must be 1 to 255 printable characters'))
  }
  return {
    fullName: fullName ?? '',
    version: header(HEADER_CHARACTERS_MAX, 'version'),
    idempotencyKey,
    subject: header(HEADER_CHARACTERS_MAX, 'ce-subject', 'ce_subject') ?? (read(record.key, '/key', HEADER_CHARACTERS_MAX) || undefined),
    timeMs: readTime(header(HEADER_CHARACTERS_MAX, 'ce-time', 'ce_time'), record.timestampMs, findings),
    correlationId: header(HEADER_CHARACTERS_MAX, 'correlation-id'),
    chainToken: header(HEADER_CHARACTERS_MAX, 'chain-token'),
    findings,
  }
}

function readTime(text: string | undefined, recordedAtMs: number, findings: Finding[]): number | undefined {
  if (text === undefined) return undefined
  const timeMs = parseTime(text)
  if (timeMs !== undefined && isNear(timeMs, recordedAtMs)) return timeMs
  if (timeMs === undefined) findings.push(finding('/headers/ce-time', 'format', 'must be a date-time with a zone (RFC 3339)'))
  else findings.push(finding('/headers/ce-time', 'time_range', 'must be within 24 hours of now'))
  return undefined
}
