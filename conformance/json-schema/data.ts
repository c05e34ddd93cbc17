/** Where the suite's tests and remote documents are, and what is in them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { metaSchemas } from '../../src/registry/meta-schema.ts'
import type { Schema } from '../../src/registry/references.ts'

export interface Group {
  description: string
  schema: Schema
  tests: Array<{ description: string; data: unknown; valid: boolean }>
}

const BESIDE = join(import.meta.dirname, '..', '..', '..', 'shared', 'conformance', 'json-schema')
/** The address of the suite's remotes, by its own documentation. */
const REMOTES = 'http://localhost:1234/'

/** `CLARION_JSON_SCHEMA_SUITE`, or a checkout beside the project. Throws a sentence that says where to get it. */
export function dataFolder(): string {
  const folder = process.env.CLARION_JSON_SCHEMA_SUITE ?? BESIDE
  if (existsSync(join(folder, 'tests', 'draft2020-12'))) return folder
  throw new Error(
    `there is no tests/draft2020-12 in ${folder}: clone https://github.com/json-schema-org/JSON-Schema-Test-Suite and name the folder in CLARION_JSON_SCHEMA_SUITE`,
  )
}

/** The files of a folder of tests, in order. */
export function readGroups(folder: string, part: string): Map<string, Group[]> {
  const place = join(folder, 'tests', 'draft2020-12', part)
  const files = readdirSync(place).filter(name => name.endsWith('.json'))
  return new Map(files.sort().map(file => [file, readJson(join(place, file)) as Group[]]))
}

/** Documents that schemas of the suite may refer to: its remotes, and the meta-schemas of the draft. */
export function readDocuments(folder: string): Map<string, Schema> {
  const documents = new Map<string, Schema>()
  const remotes = join(folder, 'remotes')
  for (const file of readdirSync(remotes, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.json')) continue
    documents.set(REMOTES + relative('', file).split(sep).join('/'), readJson(join(remotes, file)) as Schema)
  }
  for (const [uri, schema] of metaSchemas()) documents.set(uri, schema)
  return documents
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
