import { DRIFT_KINDS, DRIFT_SEVERITIES, DRIFT_STATUSES } from '../../model/drift.ts'
import {
  anyObject,
  anything,
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

export const findingQuery = {
  'kind?': oneOf(DRIFT_KINDS),
  'status?': oneOf(DRIFT_STATUSES),
  'severity?': oneOf(DRIFT_SEVERITIES),
  'entity?': text(1, 200, { description: 'The id of the thing that has drifted.' }),
}
const observed = {
  ...{ kind: oneOf(DRIFT_KINDS), severity: oneOf(DRIFT_SEVERITIES), entityType: string, entityId: string },
  ...{ canonicalName: nullable(string), message: string },
  ...{ expected: nullable(anyObject), actual: nullable(anyObject) },
  diff: listOf(object({ path: string, change: string })),
}
export const finding = object({
  ...stored,
  organizationId: string,
  ...observed,
  proposal: nullable(anyObject),
  ...{ firstSeenAt: time, lastSeenAt: time, occurrences: integer, status: oneOf(DRIFT_STATUSES) },
  ...{ resolvedAt: nullable(time), note: nullable(string) },
})
export const settlement = object({ 'note?': optionalText(1_000) })

const counts = (names: readonly string[]) => object(Object.fromEntries(names.map(name => [name, integer])))
/** `open`: those that are neither resolved nor ignored. */
export const summary = object({
  ...{
    open: integer,
    bySeverity: counts(DRIFT_SEVERITIES),
    byKind: counts(DRIFT_KINDS),
    byStatus: counts(DRIFT_STATUSES),
  },
  lastDetectedAt: nullable(time),
})

/** The definitions have a code of their own. */
export const manifest = object({
  definitions: anything,
  'scope?': oneOf(['listed', 'namespaces', 'all']),
  'persist?': boolean,
})
const fact = { anyOf: [object({ schemaHash: string, 'status?': string }), { type: 'null' }] }
const difference = object({
  ...{ namespace: string, name: string, version: string, expected: fact, actual: fact },
  'diff?': listOf(object({ path: string, change: string })),
})
export const declared = object({
  inSync: boolean,
  ...{ added: listOf(difference), changed: listOf(difference), missing: listOf(difference), extra: listOf(difference) },
  findings: listOf(object(observed)),
})
