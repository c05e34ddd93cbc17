/** Schemas of direct Kafka access. */
import type { Schema } from '../http/route.ts'
import { integer, object, oneOf, stored, string, text } from '../http/schema-parts.ts'

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
/** `clientProperties` under the names of Java's clients, `librdkafkaProperties` for clients built on librdkafka. */
export const madeKafkaCredential = object({
  ...facts,
  password: string,
  clientProperties: settings,
  librdkafkaProperties: settings,
})

export const partitions = object({ id: string, partitions: integer, partitionsMax: integer })
export const newPartitions = object({ partitions: { type: 'integer', minimum: 1, maximum: 1_000 } })
