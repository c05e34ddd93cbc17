/** The route table and the document without a platform: handlers are never called. */
import { SCHEMA_NAMES } from '../../src/api/component-names.ts'
import { createDocument, type OpenApi } from '../../src/api/document/document.ts'
import type { Route } from '../../src/api/http/route.ts'
import { createSchemaRegistryRoutes } from '../../src/api/kafka/schema-registry.ts'
import { createRoutes, type Handlers } from '../../src/api/routes.ts'

/** Answers every call and every member with itself. */
const nothing: unknown = new Proxy(() => undefined, { get: () => nothing, apply: () => nothing })

export function describedRoutes(): Route[] {
  const kafka = {
    credentials: nothing,
    partitions: nothing,
    schemaRegistry: createSchemaRegistryRoutes(nothing as never),
  }
  const handlers = new Proxy({}, { get: (_, name) => (name === 'kafka' ? kafka : nothing) })
  return createRoutes(handlers as Handlers)
}

export const describedDocument = (version = '0.0.0'): OpenApi =>
  createDocument(describedRoutes(), { version, aliasKeyHeader: 'x-platphorm-api-key', names: SCHEMA_NAMES })
