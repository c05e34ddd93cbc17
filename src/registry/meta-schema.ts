/**
 * The meta-schema of draft 2020-12, which every schema must match. Its text comes with ajv; that of OpenAPI's own words
 * is here.
 */
import { createRequire } from 'node:module'
import type { SchemaDialect } from '../model/registrations.ts'
import type { Schema } from './references.ts'
import { createJudge, type Judge } from './validation/judge.ts'

const DIALECT = 'https://json-schema.org/draft/2020-12'
const PARTS = ['core', 'applicator', 'unevaluated', 'validation', 'meta-data', 'format-annotation', 'content']

/** The documents of the dialect by URI, `…/schema` first. */
export function metaSchemas(): Map<string, Schema> {
  const require = createRequire(import.meta.url)
  const names = ['schema', ...PARTS.map(part => `meta/${part}`)]
  return new Map(
    names.map(name => [`${DIALECT}/${name}`, require(`ajv/dist/refs/json-schema-2020-12/${name}.json`) as Schema]),
  )
}

/** OpenAPI 3.1's rules for its words in a schema (its vocabulary "base"); `example` may be anything. */
const OPENAPI_WORDS = {
  discriminator: {
    type: 'object',
    properties: {
      propertyName: { type: 'string' },
      mapping: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['propertyName'],
  },
  externalDocs: {
    type: 'object',
    properties: { url: { type: 'string' }, description: { type: 'string' } },
    required: ['url'],
  },
  xml: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      namespace: { type: 'string' },
      prefix: { type: 'string' },
      attribute: { type: 'boolean' },
      wrapped: { type: 'boolean' },
    },
  },
}

export function createMetaJudge(dialect: SchemaDialect): Judge {
  const documents = metaSchemas()
  const draft = documents.get(`${DIALECT}/schema`) as Schema
  if (dialect === 'json-schema-2020-12') return createJudge(draft, { dialect, formats: 'annotate', documents })
  // The draft refers to itself by this anchor. A resource around it redirects the references of nested schemas to here.
  const withWords = {
    $id: 'https://schema.invalid/openapi',
    $dynamicAnchor: 'meta',
    $ref: `${DIALECT}/schema`,
    properties: OPENAPI_WORDS,
  }
  return createJudge(withWords, { dialect, formats: 'annotate', documents })
}
