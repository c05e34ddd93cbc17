/** Routes of direct Kafka access: credentials, schema façade, partitions. */

import type { Route } from '../http/route.ts'
import { deleted, list, route } from '../http/route-table.ts'
import type { createKafkaCredentialHandlers } from './kafka-credentials.ts'
import type { createPartitionHandlers } from './partitions.ts'
import * as kafka from './schemas.ts'

export interface KafkaHandlers {
  credentials: ReturnType<typeof createKafkaCredentialHandlers>
  schemaRegistry: Route[]
  partitions: ReturnType<typeof createPartitionHandlers>
}

// biome-ignore format: a table
export function createKafkaRoutes({ credentials, schemaRegistry, partitions }: KafkaHandlers): { credentials: Route[]; cluster: Route[] } {
  const path = '/api/v1/kafka-credentials'
  return {
    credentials: [
      route('POST', path, 'keys:manage', 'Create a Kafka user for an application of your own; its password is shown once.', { refusedWhenSuspended: true, body: kafka.newKafkaCredential, answer: kafka.madeKafkaCredential, status: 201 }, credentials.create),
      route('GET', path, 'keys:manage', 'List Kafka credentials.', list(kafka.kafkaCredential), credentials.list),
      route('GET', `${path}/:id`, 'keys:manage', 'One Kafka credential.', { answer: kafka.kafkaCredential }, credentials.get),
      route('DELETE', `${path}/:id`, 'keys:manage', 'Delete a Kafka credential; its open sessions lose all rights.', { answer: deleted }, credentials.delete),
    ],
    cluster: [
      ...schemaRegistry,

      route('GET', '/api/v1/organizations/:id/partitions', 'operator', "How many partitions an organization's topics have.", { answer: kafka.partitions }, partitions.get),
      route('POST', '/api/v1/organizations/:id/partitions', 'operator', "Add partitions to an organization's topics, to a multiple of what they have.", { body: kafka.newPartitions, answer: kafka.partitions }, partitions.grow),
    ],
  }
}
