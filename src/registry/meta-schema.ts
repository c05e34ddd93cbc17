/** The meta-schema of draft 2020-12: what a schema itself must look like. Its text comes with ajv. */
import { createRequire } from 'node:module'
import { createJudge, type Judge } from './judging/judge.ts'
import type { Schema } from './references.ts'

const DIALECT = 'https://json-schema.org/draft/2020-12'
const PARTS = ['core', 'applicator', 'unevaluated', 'validation', 'meta-data', 'format-annotation', 'content']

/** The documents of the dialect by URI, `…/schema` first. */
export function metaSchemas(): Map<string, Schema> {
  const require = createRequire(import.meta.url)
  const names = ['schema', ...PARTS.map(part => `meta/${part}`)]
  return new Map(names.map(name => [`${DIALECT}/${name}`, require(`ajv/dist/refs/json-schema-2020-12/${name}.json`) as Schema]))
}

export function createMetaJudge(): Judge {
  const documents = metaSchemas()
  return createJudge(documents.get(`${DIALECT}/schema`) as Schema, { flavour: 'json-schema-2020-12', formats: 'annotate', documents })
}
