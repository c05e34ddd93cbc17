/** What a producer asks for in the headers of its record (C.17), each value checked once here and trusted after. */
import { isUtf8 } from 'node:buffer'
import { finding, HALF_A_PAIR } from '../json/json-text.ts'
import type { Headers, LogRecord } from '../kafka/ports.ts'
import type { Finding } from '../model/codes.ts'
import { isNear, NOT_A_TIME, parseTime, TIME_CHARACTERS_MAX } from '../model/time.ts'
import { TOKEN_CHARACTERS_MAX } from './chain.ts'
import type { IngressContent } from './ingress-content.ts'
import { readTraceparent } from './trace-context.ts'

/** What the api says about an emit that it appends. */
export interface PlatformFacts {
  /** The api process that waits for the verdict and its own number for the emit; absent when nobody waits. */
  replyTo?: string
  ticket?: number
  /** Offset of the newest control record that the api had seen: `admit` waits until its own view is as new. */
  controlOffset: number
  actorId: string
  requestId: string
  /** The emit from quarantine that this one repeats, repaired. */
  redriveOf?: string | undefined
}

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
  /** W3C trace context; null when there is none, or what is there is not one: it never counts against an emit. */
  traceparent: string | null
  /** What is wrong with the headers; empty when nothing is. */
  findings: Finding[]
}

/** What a schema of the registry stands for. The version may be none, where the name alone is known. */
export interface EventVersion {
  fullName: string
  version: string | undefined
}

export interface IngressEmit extends ProducerEmit {
  /** Null: no valid tag, so the organization's own producer wrote it. */
  platform: PlatformFacts | null
  channel: 'http' | 'kafka' | 'platform'
}

const NAME_CHARACTERS_MAX = 200
const HEADER_CHARACTERS_MAX = 255
const TRACEPARENT = 'traceparent'
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

type Said = 'name' | 'version' | 'idempotencyKey' | 'subject' | 'time' | 'correlationId' | 'chainToken'

/**
 * The headers that may say it, the first that is there counts, and the attribute of CloudEvents' envelope that does if none is. `isText`:
 * anything but the empty text will do; the others have rules of their own, which an empty one breaks.
 */
const SAID_BY: Readonly<
  Record<Said, { headers: readonly string[]; attribute: string; charactersMax: number; isText?: boolean }>
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

/** Where a producer said it: the header, or the attribute of its envelope. */
export function placeSaid(what: Said, headers: Headers): string {
  const { headers: names, attribute } = SAID_BY[what]
  const name = names.find(each => headers[each])
  return name === undefined ? `/value/${attribute}` : `/headers/${name}`
}

/**
 * CloudEvents' Kafka binding writes attributes with an underscore (`ce_type`), C.17 with a hyphen: both are understood, and `name` goes
 * before either. In structured mode the attributes are in the value; a header goes before them. The subject may be the record's key, unless
 * this is empty. A frame's schema says name and version where nothing else does.
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

  const headerOf = (what: Said): string | undefined => SAID_BY[what].headers.find(name => headers[name])

  function said(what: Said): string | undefined {
    const text = given(what)
    if (text !== '' || SAID_BY[what].isText !== true) return text
    findings.push(finding(pathOf(what), 'min_length', 'must not be empty: leave it out'))
    return undefined
  }

  function given(what: Said): string | undefined {
    const { attribute, charactersMax } = SAID_BY[what]
    const name = headerOf(what)
    if (name !== undefined) return read(headers[name]!, `/headers/${name}`, charactersMax)
    const member = content.envelope?.get(attribute)
    if (member === undefined) return undefined
    const { value } = member
    if (typeof value !== 'string') findings.push(finding(`/value/${attribute}`, 'type', 'must be string'))
    else if (!value.isWellFormed()) findings.push(finding(`/value/${attribute}`, 'characters', HALF_A_PAIR))
    else return bounded(value, `/value/${attribute}`, charactersMax)
    return undefined
  }

  /** Where it is said, or would be. */
  function pathOf(what: Said): string {
    const { headers: names, attribute } = SAID_BY[what]
    const name = headerOf(what)
    return name === undefined && content.envelope !== undefined ? `/value/${attribute}` : `/headers/${name ?? names[0]}`
  }

  const fullName = said('name') || schema?.fullName
  if (!fullName && findings.length === 0)
    findings.push(finding(pathOf('name'), 'required', 'must name the event: <namespace>.<name>'))
  const idempotencyKey = said('idempotencyKey')
  if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey))
    findings.push(finding(pathOf('idempotencyKey'), 'printable', 'must be 1 to 255 printable characters'))
  const time = said('time')
  return {
    fullName: fullName ?? '',
    version: said('version') ?? (schema?.fullName === fullName ? schema?.version : undefined),
    idempotencyKey,
    subject: said('subject') ?? ((record.key && read(record.key, '/key', HEADER_CHARACTERS_MAX)) || undefined),
    timeMs: time === undefined ? undefined : readTime(time, pathOf('time'), record.timestampMs, findings),
    correlationId: said('correlationId'),
    chainToken: said('chainToken'),
    traceparent: traceparentOf(headers, content),
    findings,
  }
}

/** The last is the extension of CloudEvents for distributed tracing. */
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
