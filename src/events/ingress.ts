/**
 * The headers of a record in `emits.<org>` (docs/specification/kafka.md#records). A producer's own headers describe the
 * emit; the platform's headers (`clarion-…`) name the waiting api process and the acting key. The api and the
 * organization's producers write to the same topic, so platform headers count only with a tag that the platform alone
 * can make, and are ignored otherwise. The topic identifies organization and environment.
 */
import { hash } from 'node:crypto'
import { type SigningKey, sameTag, sign, signingKeys } from '../crypto/signing-key.ts'
import type { Headers, LogRecord } from '../kafka/ports.ts'
import { readContent } from './ingress-content.ts'
import { type EventVersion, type IngressEmit, type PlatformFacts, readProducerHeaders } from './ingress-emit.ts'

/** The request of an HTTP caller. */
export interface EmitRequest {
  fullName: string
  version?: string | undefined
  idempotencyKey?: string | undefined
  subject?: string | undefined
  /** RFC 3339. */
  time?: string | undefined
  correlationId?: string | undefined
  chainToken?: string | undefined
  /** W3C trace context, well formed. */
  traceparent?: string | null
}

export interface IngressTags {
  /** The tag (header `clarion-tag`) of a record with these platform headers. */
  sign(topic: string, headers: ReadonlyArray<readonly [string, string]>, value: Buffer): string
  /** Whether the platform wrote the record's platform headers. */
  verify(topic: string, headers: Headers, value: Buffer | null): boolean
}

const TAG = 'clarion-tag'
/** In the order in which the tag covers them; the last is covered only if present. */
const PLATFORM_HEADERS = [
  'clarion-reply-to',
  'clarion-control',
  'clarion-actor',
  'clarion-request',
  'clarion-channel',
] as const
const REDRIVE_OF = 'clarion-redrive-of'
type PlatformHeader = (typeof PLATFORM_HEADERS)[number] | typeof REDRIVE_OF

/** Tag: HMAC-SHA256, base64url, over the topic, each platform header with its length, and the SHA-256 of the value. */
export function createIngressTags(secretKey: string, previousSecretKey?: string): IngressTags {
  const keys = signingKeys(secretKey, previousSecretKey, 'ingress/1')
  return {
    sign: (topic, headers, value) => {
      const byName = new Map(headers)
      return tagOf(keys[0], topic, name => byName.get(name), value)
    },
    verify(topic, headers, value) {
      const tag = headers[TAG]
      if (!tag || value === null || tag.length > 64) return false
      const given = tag.toString('latin1')
      const find = (name: PlatformHeader) => headers[name]?.toString('utf8')
      return keys.some(key => sameTag(tagOf(key, topic, find, value), given))
    },
  }
}

function tagOf(
  key: SigningKey,
  topic: string,
  find: (name: PlatformHeader) => string | undefined,
  value: Buffer,
): string {
  let text = `${topic}\n`
  for (const name of PLATFORM_HEADERS) {
    const header = find(name)
    text += header === undefined ? '-\n' : `${header.length}:${header}\n`
  }
  const redriveOf = find(REDRIVE_OF)
  if (redriveOf !== undefined) text += `${redriveOf.length}:${redriveOf}\n`
  return sign(key, text + hash('sha256', value, 'base64url'))
}

/** All headers, tag included, of the record that the api appends to `topic` with the payload `value`. */
export function buildIngressHeaders(
  emit: EmitRequest,
  platform: PlatformFacts,
  target: { topic: string; value: Buffer; tags: IngressTags },
): Array<[string, string]> {
  const headers: Array<[string, string]> = [['name', emit.fullName]]
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) headers.push([name, value])
  }
  add('version', emit.version)
  add('idempotency-key', emit.idempotencyKey)
  add('ce-subject', emit.subject)
  add('ce-time', emit.time)
  add('correlation-id', emit.correlationId)
  add('chain-token', emit.chainToken)
  if (emit.traceparent) headers.push(['traceparent', emit.traceparent])
  add('clarion-reply-to', platform.replyTo === undefined ? undefined : `${platform.replyTo}/${platform.ticket ?? 0}`)
  add('clarion-control', String(platform.controlOffset))
  add('clarion-actor', platform.actorId)
  add('clarion-request', platform.requestId)
  add('clarion-channel', 'http')
  add(REDRIVE_OF, platform.redriveOf)
  add(TAG, target.tags.sign(target.topic, headers, target.value))
  return headers
}

/**
 * Reads an ingress record. Never throws: a header that is not UTF-8, too long or malformed becomes a finding (path
 * `/headers/<name>`, `/key` or `/value/<attribute>`), and its value is absent from the result. The api's values are
 * bare payloads; an organization's own values may be wrapped (`ingress-content.ts`). `schemaOf` knows the ids that the
 * schema façade gave to this organization.
 */
export function readIngress(record: LogRecord, tags: IngressTags, schemaOf: SchemaOf = NO_SCHEMAS): ReadIngress {
  if (tags.verify(record.topic, record.headers, record.value)) {
    const payload = record.value!
    const request = readProducerHeaders(record, { payload, findings: [] }, undefined)
    return { ...request, platform: readPlatformHeaders(record.headers), channel: 'http', payload }
  }
  const content = readContent(record)
  const { payload, schemaId } = content
  // An unknown schema id names no event, so the emit is refused as not registered.
  const schema =
    schemaId === undefined
      ? undefined
      : (schemaOf(schemaId) ?? { fullName: `schema-id:${schemaId}`, version: undefined })
  return { ...readProducerHeaders(record, content, schema), platform: null, channel: 'kafka', payload }
}

export interface ReadIngress extends IngressEmit {
  /** The payload to validate; empty when the record has no value. */
  payload: Buffer
}

export type SchemaOf = (schemaId: number | string) => EventVersion | undefined
const NO_SCHEMAS: SchemaOf = () => undefined

function readPlatformHeaders(headers: Headers): PlatformFacts {
  const find = (name: PlatformHeader): string | undefined => headers[name]?.toString('utf8')
  const facts: PlatformFacts = {
    controlOffset: Number(find('clarion-control') ?? -1),
    actorId: find('clarion-actor') ?? 'system',
    requestId: find('clarion-request') ?? '',
  }
  const redriveOf = find(REDRIVE_OF)
  if (redriveOf !== undefined) facts.redriveOf = redriveOf
  const replyTo = find('clarion-reply-to')
  if (replyTo === undefined) return facts
  const slash = replyTo.lastIndexOf('/')
  return { ...facts, replyTo: replyTo.slice(0, slash), ticket: Number(replyTo.slice(slash + 1)) }
}
