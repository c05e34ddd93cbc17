/** What a plan comes to for an organization: what is used of it, and what it can do. */
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import { planOf } from '../../model/plans.ts'
import type { Environment, Plan, Registration } from '../../model/records.ts'

/** C.11.2: distinct (namespace, name) that are not archived count, versions are free, the generic event does not. */
export function registrationsUsed(registrations: Iterable<Registration>): number {
  const names = new Set<string>()
  for (const { namespace, name, status } of registrations) if (status !== 'archived') names.add(`${namespace}.${name}`)
  names.delete(GENERIC_FULL_NAME)
  return names.size
}

/**
 * The names beyond what the plan has room for, after a downgrade (C.12): the youngest. They are read-only: what is published goes on being
 * emitted and can be archived, but nothing is added to it or changed.
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

/** Percent of a limit that an organization is warned at (C.3.3, C.12). */
const WARNED_AT = [80, 90, 100] as const

/** The mark that is reached when the count has just come to `used`, one at a time; undefined if none is. */
export function quotaMark(used: number, limit: number | null): number | undefined {
  // Most counts are not near one.
  if (limit === null || used < Math.floor((limit * WARNED_AT[0]) / 100)) return undefined
  return WARNED_AT.findLast(percent => used === Math.ceil((limit * percent) / 100))
}

/** Emits a month; null: unlimited. The test environment has a cap of its own (C.11.4). */
export function emitLimit(plan: Plan, environment: Environment): number | null {
  return environment === 'test' ? planOf(plan).monthlyTestEmits : planOf(plan).monthlyEmits
}

/** `capabilities` of health (PX-22). */
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

/** Shares of a limit at which it is told of (C.12), percent. */
export const WARNING_LEVELS = [80, 90, 100] as const

export interface UsageWarning {
  meter: string
  /** The highest level that is reached, percent. */
  level: (typeof WARNING_LEVELS)[number]
  used: number
  limit: number
}

/** What of an organization's limits is nearly or wholly used; a limit of none at all is a fact of the plan and no warning. */
export function warningsOf(uses: Array<{ meter: string; used: number; limit: number | null }>): UsageWarning[] {
  return uses.flatMap(({ meter, used, limit }) => {
    if (limit === null || limit === 0) return []
    const level = WARNING_LEVELS.findLast(percent => used * 100 >= limit * percent)
    return level === undefined ? [] : [{ meter, level, used, limit }]
  })
}
