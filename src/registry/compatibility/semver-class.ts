/** What the step from one schema to another would be, if it were a version of the same name, and what has changed. */
import type { Finding } from '../../model/codes.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { checkMinor } from './minor.ts'
import { checkPatch } from './patch.ts'

export type SchemaChange = Pick<Finding, 'path' | 'rule'>

export interface SemverClass {
  bump: 'patch' | 'minor' | 'major'
  changes: SchemaChange[]
}

export interface HashedSchema {
  schemaHash: string
  payloadSchema: SchemaObject
}

const CHANGES_MAX = 20
const KNOWN_MAX = 1_000
/** A comparison takes up to 50 ms, and the same two versions are compared again and again. */
const known = new Map<string, SemverClass>()

export function semverClassOf(from: HashedSchema, to: HashedSchema): SemverClass {
  const key = `${from.schemaHash}/${to.schemaHash}`
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= KNOWN_MAX) known.clear()
  const made = compared(from.payloadSchema, to.payloadSchema)
  known.set(key, made)
  return made
}

function compared(from: SchemaObject, to: SchemaObject): SemverClass {
  const difference = checkPatch(from, to)
  if (difference === undefined) return { bump: 'patch', changes: [] }
  const { findings, warnings } = checkMinor(from, to, { strict: false })
  const changes = [...findings, ...warnings].slice(0, CHANGES_MAX).map(({ path, rule }) => ({ path, rule }))
  const shown = changes.length > 0 ? changes : [{ path: difference.path, rule: 'changed' }]
  return { bump: findings.length === 0 ? 'minor' : 'major', changes: shown }
}
