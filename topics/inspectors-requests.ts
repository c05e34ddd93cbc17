import { boolean, bytes, codecOf, long, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

export type SignatureVerdict = 'valid' | 'invalid' | 'none'

/** A request that an inspector got. */
export type InspectedRequest = ValueOf<typeof inspectedRequestFields>

export const inspectedRequestFields = record('InspectedRequest', {
  id: text,
  /** The api process that got it. */
  process: text,
  receivedAtMs: long,
  method: text,
  /** JSON of the headers, names in lower case. */
  headers: text,
  /** At most 64 KB of the body. */
  body: bytes,
  truncated: boolean,
  signature: textOf<SignatureVerdict>(),
  deliveryId: optional(text),
  /** By which repeated requests are counted: the header `webhook-id`. */
  messageId: optional(text),
})

export const inspectedRequestCodec = codecOf(inspectedRequestFields)

export const inspectorsRequests: Topic = {
  name: 'inspectors.requests',
  meaning: 'Requests that inspectors got, so that every api process shows them.',
  key: 'the inspector',
  value: 'Avro InspectedRequest',
  partitions: 'one',
  producers: ['api'],
  consumers: ['api'],
  cleanup: 'delete',
  retentionMs: DAY_MS,
  retentionBytes: 256 * 1024 * 1024,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
