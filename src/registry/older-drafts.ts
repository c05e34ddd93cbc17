/** Schemas of older drafts: one finding says so, instead of one for each thing that follows from it. */
import { pointerTo } from '../json/json-pointer.ts'
import { finding } from '../json/json-text.ts'
import type { Finding } from '../model/codes.ts'
import { type SchemaObject, schemaPositions } from './schema-positions.ts'

const OLDER = /^https?:\/\/json-schema\.org\/(draft-0[3-7]|draft\/2019-09)\/(?:hyper-)?schema#?$/

/** Empty for schemas of this draft. Paths are pointers into the schema. */
export function olderDraftIn(schema: SchemaObject): Finding[] {
  const [, draft] = typeof schema.$schema === 'string' ? (OLDER.exec(schema.$schema) ?? []) : []
  if (draft !== undefined)
    return [finding('/$schema', '$schema', `is ${draft}, and events have draft 2020-12: ${REMEDY}`)]
  for (const [path, { $id }] of schemaPositions(schema)) {
    if (typeof $id !== 'string' || !$id.startsWith('#')) continue
    const anchor = $id.slice(1).slice(0, 100)
    return [
      finding(pointerTo(path, '$id'), '$id', `is an anchor of an older draft: say "$anchor": "${anchor}" instead`),
    ]
  }
  return []
}

const REMEDY =
  'export for 2020-12 (z.toJSONSchema in zod 4, model_json_schema in pydantic 2), or say its $schema if no keyword differs'
