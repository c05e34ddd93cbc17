/** An organization's use of its plan, and the plan's capabilities. */

import type { Environment } from '../../model/environments.ts'
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import { type Plan, planOf } from '../../model/plans.ts'
import type { Registration } from '../../model/registrations.ts'

/** Distinct (namespace, name) that are not archived count; versions are free, and the generic event does not count. */
export function registrationsUsed(registrations: Iterable<Registration>): number {
  const names = new Set<string>()
  for (const { namespace, name, status } of registrations) if (status !== 'archived') names.add(`${namespace}.${name}`)
  names.delete(GENERIC_FULL_NAME)
  return names.size
}

/**
 * The names beyond the plan's limit after a downgrade: the youngest. They are read-only: a published version can still
 * be emitted and archived, but nothing is added or changed.
 */
export function excessNames(registrations: Iterable<Registration>, limit: number | null): Set<string> {
  if (limit === null) return new Set()
  const since = new Map<string, string>()
  for (const { namespace, name, status, createdAt } of registrations) {
    const fullName = `${namespace}.${name}`
    if (status === 'archived' || fullName === GENERIC_FULL_NAME) continue
    const known = since.get(fullName)
    if (known === undefined || createdAt < known) since.set(fullName, createdAt)
  }
  const oldestFirst = [...since].sort(([a, atA], [b, atB]) => (atA < atB || (atA === atB && a < b) ? -1 : 1))
  return new Set(oldestFirst.slice(limit).map(([fullName]) => fullName))
}

/** Percentages of a limit at which an organization is warned. */
export const WARNING_LEVELS = [80, 90, 100] as const

/** The mark reached by exactly this count; undefined if none is. Counts advance one at a time. */
export function quotaMark(used: number, limit: number | null): number | undefined {
  // Most counts are not near one.
  if (limit === null || used < Math.floor((limit * WARNING_LEVELS[0]) / 100)) return undefined
  return WARNING_LEVELS.findLast(percent => used === Math.ceil((limit * percent) / 100))
}

/** Emits a month; null: unlimited. The test environment has its own limit. */
export function emitLimit(plan: Plan, environment: Environment): number | null {
  return environment === 'test' ? planOf(plan).monthlyTestEmits : planOf(plan).monthlyEmits
}

/** `capabilities` in the answer about the health of the custom events. */
export function capabilitiesOf(plan: Plan) {
  const { registrations, versioning, marketplacePublish, marketplaceFork, federation } = planOf(plan)
  return {
    canRegister: registrations !== 0,
    schemaVersioning: versioning === 'full',
    marketplacePublish,
    marketplaceFork,
    federationPush: federation,
  }
}

export interface UsageWarning {
  meter: string
  /** The highest level reached, percent. */
  level: (typeof WARNING_LEVELS)[number]
  used: number
  limit: number
}

/** Limits that are nearly or wholly used. A limit of 0 is a fact of the plan, not a warning. */
export function warningsOf(uses: Array<{ meter: string; used: number; limit: number | null }>): UsageWarning[] {
  return uses.flatMap(({ meter, used, limit }) => {
    if (limit === null || limit === 0) return []
    const level = WARNING_LEVELS.findLast(percent => used * 100 >= limit * percent)
    return level === undefined ? [] : [{ meter, level, used, limit }]
  })
}
