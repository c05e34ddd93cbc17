/** Routes of direct Kafka access (C.17): credentials, quarantine, schema façade. */
import type { createKafkaCredentialHandlers } from './handlers/kafka-credentials.ts'
import { pagingQuery } from './paging.ts'
import type { Access, Handler, Method, Route } from './route.ts'
import * as kafka from './schemas/kafka.ts'
import { boolean, listOf, object, string } from './schemas/parts.ts'

export interface KafkaHandlers {
  credentials: ReturnType<typeof createKafkaCredentialHandlers>
}

type Facts = Omit<Route, 'method' | 'path' | 'access' | 'summary' | 'handle' | 'direct'>
const route = (method: Method, path: string, access: Access, summary: string, facts: Facts, handle: Handler): Route => {
  return { method, path, access, summary, ...facts, handle }
}
const paging = { 'limit?': pagingQuery.limit, 'cursor?': pagingQuery.cursor }

// biome-ignore format: a table
export function createKafkaRoutes({ credentials }: KafkaHandlers): Route[] {
  const path = '/api/v1/kafka-credentials'
  return [
    route('POST', path, 'keys:manage', 'Make a user of the broker for an own application; its password is shown once.', { refusedWhenSuspended: true, body: kafka.newKafkaCredential, answer: kafka.madeKafkaCredential, status: 201 }, credentials.create),
    route('GET', path, 'keys:manage', 'List Kafka credentials.', { answer: listOf(kafka.kafkaCredential), query: object(paging) }, credentials.list),
    route('GET', `${path}/:id`, 'keys:manage', 'One Kafka credential.', { answer: kafka.kafkaCredential }, credentials.get),
    route('DELETE', `${path}/:id`, 'keys:manage', 'Delete a Kafka credential; its open sessions may do nothing from then on.', { answer: object({ id: string, deleted: boolean }) }, credentials.delete),
  ]
}
