/** The language of a payload schema: plain JSON Schema, or a component schema of OpenAPI 3.1. */
import type { SchemaDialect } from '../model/registrations.ts'
import { type SchemaObject, schemaPositions } from './schema-positions.ts'

/** Keywords that only OpenAPI defines; all are annotations, none validates a payload. */
export const OPENAPI_KEYWORDS: ReadonlySet<string> = new Set(['discriminator', 'xml', 'externalDocs', 'example'])

export const JSON_SCHEMA_DIALECTS: ReadonlySet<unknown> = new Set([
  'https://json-schema.org/draft/2020-12/schema',
  'https://json-schema.org/draft/2020-12/schema#',
])

const OPENAPI_DIALECT = /^https:\/\/spec\.openapis\.org\/oas\/3\.1\/dialect\/[\w.-]{1,40}$/

export const isOpenApiDialect = (dialect: unknown): boolean =>
  typeof dialect === 'string' && OPENAPI_DIALECT.test(dialect)

export function dialectOf(schema: SchemaObject): SchemaDialect {
  if (isOpenApiDialect(schema.$schema)) return 'openapi-3.1'
  for (const position of schemaPositions(schema).values()) {
    if (Object.keys(position).some(keyword => OPENAPI_KEYWORDS.has(keyword))) return 'openapi-3.1'
  }
  return 'json-schema-2020-12'
}
