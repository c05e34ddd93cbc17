/**
 * The value of a record from an organization's own producer: the payload, or one of its wrappings, which are
 * removed here. The payload inside is never serialised again.
 *
 *     {…}                      the payload
 *     0x00 <id, 4 bytes> {…}   framed by a serializer of a schema registry; the id comes from the schema façade
 *     __value_schema_id: 0x01 <GUID, 16 bytes>, or 0x00 <id, 4 bytes>   the same in a header; the value is the payload
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
  /** Schema id of the frame or the header: an integer, or a GUID in lower-case hexadecimal with hyphens. */
  schemaId?: number | string
  /** Attributes of the envelope, each a JSON value with its position. */
  envelope?: Envelope
  findings: Finding[]
}

export function readContent(record: LogRecord): IngressContent {
  const content = readValue(record)
  const header = record.headers[SCHEMA_ID_HEADER]
  if (!header) return content
  const schemaId = schemaIdIn(header)
  return schemaId === undefined
    ? { ...content, findings: [...content.findings, MALFORMED_ID] }
    : { ...content, schemaId }
}

/** Of serializers that write no frame; its first byte is the form of the id. */
const SCHEMA_ID_HEADER = '__value_schema_id'
const MALFORMED_ID = finding(
  `/headers/${SCHEMA_ID_HEADER}`,
  'schema_id',
  'must be a byte 1 and a GUID of 16 bytes, or a byte 0 and an id of 4 bytes',
)

function schemaIdIn(header: Buffer): number | string | undefined {
  if (header.length === FRAME_BYTES && header[0] === 0) return header.readUInt32BE(1)
  if (header.length !== 17 || header[0] !== 1) return undefined
  return header.toString('hex', 1).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function readValue({ value, headers }: LogRecord): IngressContent {
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
