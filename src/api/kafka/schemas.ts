/** Direct Kafka access (C.17). */
import { CODES } from '../../model/codes.ts'
import type { Schema } from '../http/route.ts'
import { anything, integer, listOf, object, oneOf, stored, string, text, time } from '../http/schema-parts.ts'

const access = oneOf(['produce', 'consume', 'both'])
const settings: Schema = { type: 'object', additionalProperties: string }

export const newKafkaCredential = object({ name: text(1, 120), access })

const facts = {
  ...stored,
  name: string,
  access,
  username: string,
  bootstrapServers: string,
  mechanism: string,
  securityProtocol: string,
  topics: object({ emits: string, events: string }),
  groupPrefix: string,
  transactionalIdPrefix: string,
}
export const kafkaCredential = object(facts)
/** `clientProperties` under the names of Java's clients, `librdkafkaProperties` for what is built on librdkafka. */
export const madeKafkaCredential = object({ ...facts, password: string, clientProperties: settings, librdkafkaProperties: settings })

/** `from` is in the range, `to` is not; both by the time of recording. */
export const quarantineQuery = { 'code?': oneOf(Object.keys(CODES)), 'from?': time, 'to?': time }

const finding = object({ path: string, rule: string, message: string })
const refused = {
  id: string,
  emitId: string,
  code: string,
  message: string,
  findings: listOf(finding),
  name: string,
  recordedAt: time,
  topic: string,
  partition: integer,
  offset: integer,
  leftOut: listOf(string),
}
const maybeText: Schema = { type: ['string', 'null'] }
const encoding: Schema = { enum: ['utf8', 'base64', null] }
export const quarantineEntry = object(refused)
export const quarantinedRecord = object({
  ...refused,
  key: maybeText,
  keyEncoding: encoding,
  headers: { type: 'object', additionalProperties: string },
  base64Headers: listOf(string),
  payload: maybeText,
  payloadEncoding: encoding,
  payloadBytes: integer,
})
export const redrive = object({ 'payload?': anything, 'version?': text(1, 255) })

export const partitions = object({ id: string, partitions: integer, partitionsMax: integer })
export const newPartitions = object({ partitions: { type: 'integer', minimum: 1, maximum: 1_000 } })
