/**
 * What an organization's own producer put into the value of its record (C.17): the payload as it is, or in one of two wrappings that are taken
 * off here. What is inside is never serialised anew.
 *
 *     {…}                      the payload
 *     0x00 <id, 4 bytes> {…}   framed by a serializer of a schema registry; the id is one that our façade gave out
 *     content-type: application/cloudevents+json   an envelope of CloudEvents (structured mode); `data` is the payload
 */
import type { Finding } from '../codes.ts'
import type { LogRecord } from '../kafka/ports.ts'
import { type Slice, sliceMembers } from './json-slices.ts'
import { finding } from './json-text.ts'

/** The largest payload (C.11.4) and 64 KB of attributes; what is larger is too large whatever it holds. */
const ENVELOPE_BYTES_MAX = 262_144 + 65_536
const FRAME_BYTES = 5
const NOTHING = Buffer.alloc(0)

export interface IngressContent {
  /** Empty when there is none. */
  payload: Buffer
  /** Of the frame. */
  schemaId?: number
  /** Attributes of the envelope, each a value of JSON with its place. */
  envelope?: ReadonlyMap<string, Slice>
  findings: Finding[]
}

export function readContent({ value, headers }: LogRecord): IngressContent {
  if (value === null) return { payload: NOTHING, findings: [] }
  if (value[0] === 0 && value.length >= FRAME_BYTES) {
    return { payload: value.subarray(FRAME_BYTES), schemaId: value.readUInt32BE(1), findings: [] }
  }
  const type = headers['content-type']
  if (type === undefined || !isCloudEvents(type)) return { payload: value, findings: [] }
  if (type[CLOUD_EVENTS.length] === BATCH_DASH) return { payload: value, findings: [BATCHED] }
  return value.length > ENVELOPE_BYTES_MAX ? { payload: value, findings: [] } : readEnvelope(value)
}

const CLOUD_EVENTS = 'application/cloudevents'
/** `application/cloudevents-batch+json` */
const BATCH_DASH = 0x2d
const BATCHED = finding('/headers/content-type', 'content_type', 'must be application/cloudevents+json: one event in one record')

/** `application/cloudevents`, with `+json` or nothing behind it, in whatever case (CloudEvents' Kafka binding, 3.3). */
const isCloudEvents = (type: Buffer): boolean =>
  type.length >= CLOUD_EVENTS.length && type.toString('latin1', 0, CLOUD_EVENTS.length).toLowerCase() === CLOUD_EVENTS

function readEnvelope(value: Buffer): IngressContent {
  const sliced = sliceMembers(value)
  if (!sliced.ok) return { payload: value, findings: sliced.findings.map(each => ({ ...each, path: `/value${each.path}` })) }
  const envelope = sliced.members
  const encoded = envelope.get('data_base64')?.value
  if (typeof encoded === 'string') return { payload: Buffer.from(encoded, 'base64'), envelope, findings: [] }
  const data = envelope.get('data')
  if (data) return { payload: value.subarray(data.start, data.end), envelope, findings: [] }
  return { payload: NOTHING, envelope, findings: [finding('/value/data', 'required', 'must be the payload')] }
}
