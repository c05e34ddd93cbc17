/**
 * CloudEvents 1.0 in a Kafka record, in the two modes of its binding, with the checks of each. An attribute that is
 * `null` counts as absent.
 *
 *     structured   content-type: application/cloudevents+json; the value is an envelope, `data` or `data_base64` is the payload
 *     binary       a header ce_specversion (or ce-specversion); the attributes are headers, the value is the payload
 */
import { isUtf8 } from 'node:buffer'
import { type Slice, sliceMembers } from '../json/json-slices.ts'
import { finding } from '../json/json-text.ts'
import type { Headers } from '../kafka/ports.ts'
import type { Finding } from '../model/codes.ts'

/** Attributes by name, without those that are null. */
export type Envelope = ReadonlyMap<string, Slice>

export interface ReadEnvelope {
  /** Empty where the payload cannot be determined. */
  payload: Buffer
  envelope?: Envelope
  findings: Finding[]
}

const SPEC_VERSION = '1.0'
const NOTHING = Buffer.alloc(0)
/** The subtype is json, or ends in +json; parameters may follow. */
const JSON_TYPE = /^\s*[^\s/;]+\/(?:[^\s/;]+\+)?json\s*(?:;|$)/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const SHOWN_CHARACTERS_MAX = 60

const MEDIA = 'application/cloudevents'
/** `application/cloudevents-batch+json` */
const BATCH_DASH = 0x2d

/**
 * Whether the value is one envelope (`application/cloudevents`, alone or with `+json`, in any case) or a batch of them.
 */
export function structuredMode({ 'content-type': type }: Headers): 'one' | 'batch' | undefined {
  if (
    type === undefined ||
    type.length < MEDIA.length ||
    type.toString('latin1', 0, MEDIA.length).toLowerCase() !== MEDIA
  )
    return undefined
  return type[MEDIA.length] === BATCH_DASH ? 'batch' : 'one'
}

export const BATCHED = finding(
  '/headers/content-type',
  'content_type',
  'must be application/cloudevents+json: one event in one record',
)

export function readEnvelope(value: Buffer): ReadEnvelope {
  const sliced = sliceMembers(value)
  if (!sliced.ok)
    return { payload: NOTHING, findings: sliced.findings.map(each => ({ ...each, path: `/value${each.path}` })) }
  const envelope = new Map([...sliced.members].filter(([, member]) => member.value !== null))
  const findings = missing(
    name => envelope.get(name)?.value,
    name => `/value/${name}`,
  )
  const type = envelope.get('datacontenttype')?.value
  if (type !== undefined) findings.push(...mediaFindings(type, '/value/datacontenttype'))
  const { payload, findings: more } = payloadIn(value, envelope)
  return { payload, envelope, findings: [...findings, ...more] }
}

function payloadIn(value: Buffer, envelope: Envelope): { payload: Buffer; findings: Finding[] } {
  const [data, encoded] = [envelope.get('data'), envelope.get('data_base64')]
  if (data && encoded) return without('/value/data_base64', 'exclusive', 'is there beside data: send one of the two')
  if (data) return { payload: value.subarray(data.start, data.end), findings: [] }
  if (!encoded) return without('/value/data', 'required', 'must be the payload: a JSON object')
  const text = encoded.value
  if (typeof text !== 'string') return without('/value/data_base64', 'type', 'must be a string: the payload in base64')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length > 0 && BASE64.test(text) && bytes.toString('base64') === text)
    return { payload: bytes, findings: [] }
  return without(
    '/value/data_base64',
    'base64',
    'must be the payload in base64: the alphabet with + and /, padded with =, nothing else',
  )
}

const without = (path: string, rule: string, message: string) => ({
  payload: NOTHING,
  findings: [finding(path, rule, message)],
})

/**
 * Attributes that are missing from the headers of a binary-mode record; a header with the version of CloudEvents marks
 * such a record.
 */
export function binaryFindings(headers: Headers): Finding[] {
  if (!headers.ce_specversion && !headers['ce-specversion']) return []
  const nameOf = (attribute: string) => (headers[`ce-${attribute}`] ? `ce-${attribute}` : `ce_${attribute}`)
  const findings = missing(
    attribute => textOf(headers[nameOf(attribute)]),
    attribute => `/headers/${nameOf(attribute)}`,
  )
  const type = headers['content-type']
  return type ? [...findings, ...mediaFindings(textOf(type), '/headers/content-type')] : findings
}

/** Bytes that are not UTF-8 are not text, so the attribute counts as absent. */
const textOf = (bytes: Buffer | undefined): unknown =>
  bytes === undefined ? undefined : isUtf8(bytes) ? bytes.toString('utf8') : bytes

function missing(read: (attribute: string) => unknown, pathOf: (attribute: string) => string): Finding[] {
  const findings: Finding[] = []
  for (const attribute of ['specversion', 'id', 'source']) {
    const value = read(attribute)
    const path = pathOf(attribute)
    if (value === undefined)
      findings.push(finding(path, 'required', `is missing: a CloudEvent has the attribute ${attribute}`))
    else if (typeof value !== 'string')
      findings.push(finding(path, 'type', `must be a string: the attribute ${attribute}`))
    else if (value === '') findings.push(finding(path, 'min_length', `must not be empty: the attribute ${attribute}`))
    else if (attribute === 'specversion' && value !== SPEC_VERSION)
      findings.push(
        finding(
          path,
          'specversion',
          `must be ${SPEC_VERSION}, the specversion that is understood here, not ${shown(value)}`,
        ),
      )
  }
  return findings
}

function mediaFindings(type: unknown, path: string): Finding[] {
  if (typeof type === 'string' && JSON_TYPE.test(type)) return []
  const given = typeof type === 'string' ? `, not ${shown(type)}` : ''
  return [finding(path, 'content_type', `must be application/json, as datacontenttype of a payload in JSON${given}`)]
}

const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX))
