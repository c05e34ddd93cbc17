/**
 * The value of a record from an organization's own producer: the payload, or one of two wrappings of it, which are
 * removed here. The payload inside is never serialised again.
 *
 *     {…}                      the payload
 *     0x00 <id, 4 bytes> {…}   framed by a serializer of a schema registry; the id comes from the schema façade
 *     content-type: application/cloudevents+json   an envelope of CloudEvents (structured mode); `data` is the payload
 */

import { finding } from '../json/json-text.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { Finding } from '../model/codes.ts'
import { BATCHED, binaryFindings, type Envelope, readEnvelope, structuredMode } from './cloud-events.ts'

/** The largest payload plus 64 KB of attributes; a larger value is refused without parsing it. */
const ENVELOPE_BYTES_MAX = 262_144 + 65_536
const FRAME_BYTES = 5
const NOTHING = Buffer.alloc(0)
const TOMBSTONE = finding(
  '/value',
  'required',
  'has no value (a tombstone): nothing is deleted here; send the payload as the value',
)
const EMPTY = finding('/value', 'required', 'is empty: send the payload, a JSON object, as the value')

export interface IngressContent {
  /** Empty when there is none. */
  payload: Buffer
  /** Schema id of the frame. */
  schemaId?: number
  /** Attributes of the envelope, each a JSON value with its position. */
  envelope?: Envelope
  findings: Finding[]
}

export function readContent({ value, headers }: LogRecord): IngressContent {
  if (value === null) return { payload: NOTHING, findings: [TOMBSTONE] }
  if (value.length === 0) return { payload: NOTHING, findings: [EMPTY] }
  const mode = structuredMode(headers)
  const isFramed = value[0] === 0 && value.length >= FRAME_BYTES
  if (isFramed)
    return { payload: value.subarray(FRAME_BYTES), schemaId: value.readUInt32BE(1), findings: binaryFindings(headers) }
  if (mode === undefined) return { payload: value, findings: binaryFindings(headers) }
  if (mode === 'batch') return { payload: value, findings: [BATCHED] }
  return value.length > ENVELOPE_BYTES_MAX ? { payload: value, findings: [] } : readEnvelope(value)
}
