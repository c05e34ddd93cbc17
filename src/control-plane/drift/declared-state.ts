/** A manifest against the registry: what somebody has declared, and what is there. Nothing is changed. */

import { schemaHash } from '../../json/canonical-json.ts'
import { ClarionError } from '../../model/codes.ts'
import type { DriftChange, Observation } from '../../model/drift.ts'
import { GENERIC } from '../../model/names.ts'
import type { Registration } from '../../model/registrations.ts'
import { checkPatch } from '../../registry/compatibility/patch.ts'
import type { SchemaObject } from '../../registry/schema-positions.ts'
import type { DecisionView } from '../store/overlay.ts'

export interface Definition {
  namespace: string
  name: string
  version: string
  payloadSchema?: SchemaObject
  schemaHash?: string
  status?: Registration['status']
}

export interface Manifest {
  definitions: Definition[]
  /** Whose registrations count as `extra`: of the listed names, of the manifest's namespaces, or all. */
  scope?: 'listed' | 'namespaces' | 'all'
  persist?: boolean
}

interface Fact {
  schemaHash: string
  status?: Registration['status']
}

export interface Difference {
  namespace: string
  name: string
  version: string
  /** Of the manifest. */
  expected: Fact | null
  /** Of the registry. */
  actual: Fact | null
  diff?: DriftChange[]
}

export interface Declared {
  inSync: boolean
  added: Difference[]
  changed: Difference[]
  missing: Difference[]
  extra: Difference[]
}

export const DEFINITIONS_MAX = 500

/** Throws `invalid_manifest` for a definition without a schema or with two, and for a version that is there twice. */
export function declaredState(
  current: Pick<DecisionView, 'list' | 'event'>,
  organizationId: string,
  { definitions, scope = 'listed' }: Manifest,
): Declared {
  const expected = new Map<string, Definition & { hash: string }>()
  for (const [at, definition] of definitions.entries()) {
    const id = idOf(definition)
    if (expected.has(id)) throw invalid(`/definitions/${at}`, 'unique', `is the second definition of ${id}`)
    expected.set(id, { ...definition, hash: hashOf(definition, at) })
  }
  const declared: Declared = { inSync: true, added: [], changed: [], missing: [], extra: [] }
  for (const definition of expected.values()) place(declared, current, organizationId, definition)
  for (const registration of current.list('registration', organizationId))
    if (!expected.has(idOf(registration)) && isInScope(registration, definitions, scope))
      declared.extra.push({ ...nameOf(registration), expected: null, actual: factOf(registration) })
  const { added, changed, missing, extra } = declared
  return { ...declared, inSync: added.length + changed.length + missing.length + extra.length === 0 }
}

function place(
  declared: Declared,
  current: Pick<DecisionView, 'event'>,
  organizationId: string,
  definition: Definition & { hash: string },
): void {
  const { status, hash } = definition
  const event = current.event(organizationId, `${definition.namespace}.${definition.name}`)
  const found = event?.versions.get(definition.version)
  const expected = { schemaHash: hash, ...(status === undefined ? {} : { status }) }
  // Archived on both sides is no drift, and a version that is to be archived need not be there.
  if (found === undefined && status === 'archived') return
  const entry = { ...nameOf(definition), expected }
  if (event === undefined) declared.added.push({ ...entry, actual: null })
  else if (found === undefined) declared.missing.push({ ...entry, actual: null })
  else {
    const diff = diffOf(definition, found)
    if (diff.length > 0) declared.changed.push({ ...entry, actual: factOf(found), diff })
  }
}

function diffOf({ hash, status, payloadSchema }: Definition & { hash: string }, found: Registration): DriftChange[] {
  const statuses =
    status === undefined || status === found.status
      ? []
      : [{ path: '/status', change: `${found.status} instead of ${status}` }]
  if (hash === found.schemaHash) return statuses
  if (payloadSchema === undefined) return [...statuses, { path: '/schemaHash', change: 'changed' }]
  // Other descriptions alone are no drift.
  const difference = checkPatch(found.payloadSchema, payloadSchema)
  if (difference === undefined) return statuses
  return [...statuses, { path: `/payloadSchema${difference.path}`, change: 'changed' }]
}

function hashOf({ payloadSchema, schemaHash: given }: Definition, at: number): string {
  if ((payloadSchema === undefined) === (given === undefined))
    throw invalid(`/definitions/${at}`, 'schema', 'must have either payloadSchema or schemaHash')
  return given ?? schemaHash(payloadSchema!)
}

const invalid = (path: string, rule: string, message: string) =>
  new ClarionError('invalid_manifest', `The manifest is wrong at ${path}: it ${message}.`, {
    details: [{ path, rule, message }],
  })

function isInScope(
  { namespace, name, status }: Registration,
  definitions: readonly Definition[],
  scope: NonNullable<Manifest['scope']>,
): boolean {
  if (namespace === GENERIC.namespace || status === 'archived') return false
  if (scope === 'all') return true
  return definitions.some(each => each.namespace === namespace && (scope === 'namespaces' || each.name === name))
}

const idOf = ({ namespace, name, version }: Pick<Definition, 'namespace' | 'name' | 'version'>) =>
  `${namespace}.${name}@${version}`
const nameOf = ({ namespace, name, version }: Definition | Registration) => ({ namespace, name, version })
const factOf = ({ schemaHash, status }: Registration): Fact => ({ schemaHash, status })

/** One for each difference, about the registration where there is one. */
export function observationsOf(declared: Declared): Observation[] {
  const of = (what: 'added' | 'changed' | 'missing' | 'extra') => declared[what].map(each => observationOf(what, each))
  return [...of('added'), ...of('changed'), ...of('missing'), ...of('extra')]
}

function observationOf(what: string, { expected, actual, diff, ...named }: Difference): Observation {
  const id = idOf(named)
  return {
    ...{ kind: 'declared_state', severity: 'warning', entityType: 'registration', entityId: id, canonicalName: null },
    message: `${id} ${MEANING[what]}.`,
    expected: expected === null ? null : { ...expected },
    actual: actual === null ? null : { ...actual },
    diff: diff ?? [{ path: '', change: what }],
  }
}

const MEANING: Record<string, string> = {
  added: 'is in the manifest, and its name is not registered',
  missing: 'is in the manifest, and this version is not registered',
  changed: 'is registered with another schema or status than the manifest has',
  extra: 'is registered, and not in the manifest',
}
