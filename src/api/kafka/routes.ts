/** Routes of direct Kafka access (C.17): credentials, quarantine, schema façade. */
import type { createKafkaCredentialHandlers } from './kafka-credentials.ts'
import type { createPartitionHandlers } from './partitions.ts'
import type { createQuarantineHandlers } from '../quarantine/handlers.ts'
import { pagingQuery } from '../http/paging.ts'
import type { Access, Handler, Method, Route } from '../http/route.ts'
import { emitResult } from '../shared/emit-result.ts'
import * as kafka from './schemas.ts'
import { boolean, listOf, object, string } from '../http/schema-parts.ts'

export interface KafkaHandlers {
  credentials: ReturnType<typeof createKafkaCredentialHandlers>
  quarantine: ReturnType<typeof createQuarantineHandlers>
  schemaRegistry: Route[]
  partitions: ReturnType<typeof createPartitionHandlers>
}

type Facts = Omit<Route, 'method' | 'path' | 'access' | 'summary' | 'handle' | 'direct'>
const route = (method: Method, path: string, access: Access, summary: string, facts: Facts, handle: Handler): Route => {
  return { method, path, access, summary, ...facts, handle }
}
const paging = { 'limit?': pagingQuery.limit, 'cursor?': pagingQuery.cursor }

// biome-ignore format: a table
export function createKafkaRoutes({ credentials, quarantine, schemaRegistry, partitions }: KafkaHandlers): Route[] {
  const path = '/api/v1/kafka-credentials'
  const kept = '/api/v1/events/custom/quarantine'
  return [
    route('POST', path, 'keys:manage', 'Make a user of the broker for an own application; its password is shown once.', { refusedWhenSuspended: true, body: kafka.newKafkaCredential, answer: kafka.madeKafkaCredential, status: 201 }, credentials.create),
    route('GET', path, 'keys:manage', 'List Kafka credentials.', { answer: listOf(kafka.kafkaCredential), query: object(paging) }, credentials.list),
    route('GET', `${path}/:id`, 'keys:manage', 'One Kafka credential.', { answer: kafka.kafkaCredential }, credentials.get),
    route('DELETE', `${path}/:id`, 'keys:manage', 'Delete a Kafka credential; its open sessions may do nothing from then on.', { answer: object({ id: string, deleted: boolean }) }, credentials.delete),

    route('GET', kept, 'events:read', 'Records that own producers sent and that were refused.', { answer: listOf(kafka.quarantineEntry), query: object({ ...kafka.quarantineQuery, ...paging }) }, quarantine.list),
    route('GET', `${kept}/:id`, 'events:read', 'One refused record, as it came.', { answer: kafka.quarantinedRecord }, quarantine.get),
    { method: 'POST', path: `${kept}/:id/redrive`, access: 'events:emit', summary: 'Emit a refused record again, repaired or as it is.', body: kafka.redrive, answer: emitResult, status: 202, direct: quarantine.redrive },

    ...schemaRegistry,

    route('GET', '/api/v1/organizations/:id/partitions', 'operator', "How many partitions an organization's topics have.", { answer: kafka.partitions }, partitions.get),
    route('POST', '/api/v1/organizations/:id/partitions', 'operator', "Add partitions to an organization's topics, to a multiple of what they have.", { body: kafka.newPartitions, answer: kafka.partitions }, partitions.grow),
  ]
}
