/**
 * The producer headers of an ingress record (docs/specification/kafka.md#records), each value checked once here and
 * trusted afterwards.
 */
import { isUtf8 } from 'node:buffer'
import { finding, HALF_A_PAIR } from '../json/json-text.ts'
import type { Headers, LogRecord } from '../kafka/ports.ts'
import type { Finding } from '../model/codes.ts'
import { isNear, NOT_A_TIME, parseTime, TIME_CHARACTERS_MAX } from '../model/time.ts'
import { TOKEN_CHARACTERS_MAX } from './chain.ts'
import type { IngressContent } from './ingress-content.ts'
import { readTraceparent } from './trace-context.ts'

/** Facts that the api states about an emit that it appends. */
export interface PlatformFacts {
  /** The api process that waits for the verdict, and its number for the emit; absent when none waits. */
  replyTo?: string
  ticket?: number
  /** Offset of the newest control record that the api had applied: `admit` waits until its own view is as new. */
  controlOffset: number
  actorId: string
  requestId: string
  /** The quarantined emit that this one repeats with corrections. */
  redriveOf?: string | undefined
}

export interface ProducerEmit {
  /** `<namespace>.<name>` as requested; empty if none. */
  fullName: string
  version: string | undefined
  idempotencyKey: string | undefined
  subject: string | undefined
  /** Event time; undefined: the time of recording. */
  timeMs: number | undefined
  correlationId: string | undefined
  chainToken: string | undefined
  /** W3C trace context; null if absent or malformed, which is never a reason to refuse an emit. */
  traceparent: string | null
  /** Problems of the headers; empty when there are none. */
  findings: Finding[]
}

/** The event that a schema id refers to. The version may be absent where only the name is known. */
export interface EventVersion {
  fullName: string
  version: string | undefined
}

export interface IngressEmit extends ProducerEmit {
  /** Null: no valid tag, so the organization's own producer wrote the record. */
  platform: PlatformFacts | null
  channel: 'http' | 'kafka' | 'platform'
}

const NAME_CHARACTERS_MAX = 200
const HEADER_CHARACTERS_MAX = 255
const TRACEPARENT = 'traceparent'
/** A character has at most four bytes in UTF-8; a longer value is not even decoded. */
const BYTES_PER_CHARACTER = 4
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

/** Matches nearly every key, without looking up each character's category. */
const PLAIN = /^[ -~]{1,255}$/

/** 1 to 255 printable characters. */
export function isIdempotencyKey(text: string): boolean {
  if (PLAIN.test(text)) return true
  if (text.length < 1 || text.length > 2 * HEADER_CHARACTERS_MAX) return false
  return [...text].length <= HEADER_CHARACTERS_MAX && !UNPRINTABLE.test(text)
}

type ProducerField = 'name' | 'version' | 'idempotencyKey' | 'subject' | 'time' | 'correlationId' | 'chainToken'

/**
 * The headers that may carry each value, in order of precedence, and the CloudEvents attribute that is used when none
 * is present. `isText`: any text but the empty one is valid; the other values have rules of their own, which an empty
 * text breaks.
 */
const FIELD_SOURCES: Readonly<
  Record<ProducerField, { headers: readonly string[]; attribute: string; charactersMax: number; isText?: boolean }>
> = {
  name: { headers: ['name', 'ce-type', 'ce_type'], attribute: 'type', charactersMax: NAME_CHARACTERS_MAX },
  version: {
    headers: ['version', 'ce_version'],
    attribute: 'version',
    charactersMax: HEADER_CHARACTERS_MAX,
    isText: true,
  },
  idempotencyKey: {
    headers: ['idempotency-key', 'ce_idempotencykey'],
    attribute: 'idempotencykey',
    charactersMax: HEADER_CHARACTERS_MAX,
  },
  subject: {
    headers: ['ce-subject', 'ce_subject'],
    attribute: 'subject',
    charactersMax: HEADER_CHARACTERS_MAX,
    isText: true,
  },
  time: { headers: ['ce-time', 'ce_time'], attribute: 'time', charactersMax: TIME_CHARACTERS_MAX },
  correlationId: {
    headers: ['correlation-id', 'ce_correlationid'],
    attribute: 'correlationid',
    charactersMax: HEADER_CHARACTERS_MAX,
    isText: true,
  },
  chainToken: {
    headers: ['chain-token', 'ce_chaintoken'],
    attribute: 'chaintoken',
    charactersMax: TOKEN_CHARACTERS_MAX,
    isText: true,
  },
}

/** The place where a producer gave the value: the header, or the attribute of its envelope. */
export function fieldPointer(field: ProducerField, headers: Headers): string {
  const { headers: names, attribute } = FIELD_SOURCES[field]
  const name = names.find(each => headers[each])
  return name === undefined ? `/value/${attribute}` : `/headers/${name}`
}

/**
 * CloudEvents' Kafka binding writes attributes with an underscore (`ce_type`); a hyphen (`ce-type`) is accepted too,
 * and `name` takes precedence over both. In structured mode the attributes are in the value, and headers take
 * precedence. The subject defaults to the record's key, unless that is empty. Name and version of a frame's schema are
 * used only where nothing else gives them.
 */
export function readProducerHeaders(
  record: LogRecord,
  content: IngressContent,
  schema: EventVersion | undefined,
): ProducerEmit {
  const { headers } = record
  const findings: Finding[] = [...content.findings]

  function read(bytes: Buffer, path: string, charactersMax: number): string | undefined {
    if (bytes.length > charactersMax * BYTES_PER_CHARACTER) {
      findings.push(finding(path, 'max_length', `must be at most ${charactersMax} characters`))
      return undefined
    }
    if (!isUtf8(bytes)) {
      findings.push(finding(path, 'utf8', 'must be UTF-8'))
      return undefined
    }
    return bounded(bytes.toString('utf8'), path, charactersMax)
  }

  function bounded(text: string, path: string, charactersMax: number): string | undefined {
    if (text.length <= charactersMax || [...text].length <= charactersMax) return text
    findings.push(finding(path, 'max_length', `must be at most ${charactersMax} characters`))
    return undefined
  }

  const headerOf = (field: ProducerField): string | undefined =>
    FIELD_SOURCES[field].headers.find(name => headers[name])

  function fieldOf(field: ProducerField): string | undefined {
    const text = rawValueOf(field)
    if (text !== '' || FIELD_SOURCES[field].isText !== true) return text
    findings.push(finding(pathOf(field), 'min_length', 'must not be empty: leave it out'))
    return undefined
  }

  function rawValueOf(field: ProducerField): string | undefined {
    const { attribute, charactersMax } = FIELD_SOURCES[field]
    const name = headerOf(field)
    if (name !== undefined) return read(headers[name]!, `/headers/${name}`, charactersMax)
    const member = content.envelope?.get(attribute)
    if (member === undefined) return undefined
    const { value } = member
    if (typeof value !== 'string') findings.push(finding(`/value/${attribute}`, 'type', 'must be string'))
    else if (!value.isWellFormed()) findings.push(finding(`/value/${attribute}`, 'characters', HALF_A_PAIR))
    else return bounded(value, `/value/${attribute}`, charactersMax)
    return undefined
  }

  /** The pointer for findings: the place of the value, or where it would be. */
  function pathOf(field: ProducerField): string {
    const { headers: names, attribute } = FIELD_SOURCES[field]
    const name = headerOf(field)
    return name === undefined && content.envelope !== undefined ? `/value/${attribute}` : `/headers/${name ?? names[0]}`
  }

  const fullName = fieldOf('name') || schema?.fullName
  if (!fullName && findings.length === 0)
    findings.push(finding(pathOf('name'), 'required', 'must name the event: <namespace>.<name>'))
  const idempotencyKey = fieldOf('idempotencyKey')
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey))
    findings.push(finding(pathOf('idempotencyKey'), 'printable', 'must be 1 to 255 printable characters'))
  const time = fieldOf('time')
  return {
    fullName: fullName ?? '',
    version: fieldOf('version') ?? (schema?.fullName === fullName ? schema?.version : undefined),
    idempotencyKey,
    subject: fieldOf('subject') ?? ((record.key && read(record.key, '/key', HEADER_CHARACTERS_MAX)) || undefined),
    timeMs: time === undefined ? undefined : readTime(time, pathOf('time'), record.timestampMs, findings),
    correlationId: fieldOf('correlationId'),
    chainToken: fieldOf('chainToken'),
    traceparent: traceparentOf(headers, content),
    findings,
  }
}

/** The last one is CloudEvents' extension for distributed tracing. */
function traceparentOf(headers: Headers, { envelope }: IngressContent): string | null {
  const header = headers[TRACEPARENT] ?? headers.ce_traceparent
  if (header !== undefined || envelope === undefined) return readTraceparent(header)
  const value = envelope.get(TRACEPARENT)?.value
  return typeof value === 'string' ? readTraceparent(value) : null
}

function readTime(text: string, path: string, recordedAtMs: number, findings: Finding[]): number | undefined {
  const timeMs = parseTime(text)
  if (timeMs !== undefined && isNear(timeMs, recordedAtMs)) return timeMs
  if (timeMs === undefined) findings.push(finding(path, 'format', NOT_A_TIME))
  else findings.push(finding(path, 'time_range', 'must be within 24 hours of now'))
  return undefined
}
