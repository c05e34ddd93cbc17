/** The use that an organization makes of its plan's tables. Looks are kept for some seconds: a page that asks often costs little. */
import type { Clock } from '../clock.ts'
import type { Owner } from '../model/environments.ts'
import type { Database } from './store/database.ts'
import { roleOf } from './store/tenants.ts'

export interface TableUse {
  tables: number
  /** On disk, indexes included. */
  bytes: number
}

const FRESH_MS = 10_000
const OWNERS_MAX = 10_000
/** Figures are shown beside others, which do not wait for a database that is away. */
const WAIT_MS = 1_000

const USE = `
  select count(c.oid), coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0) from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'`

/** Undefined: not known now. */
export function createTableUse({
  database,
  clock,
}: {
  database: Pick<Database, 'asOwner' | 'isThere'>
  clock: Clock
}): (owner: Owner) => Promise<TableUse | undefined> {
  const known = new Map<string, { use: TableUse; atMs: number }>()

  async function look(role: string): Promise<TableUse> {
    const { rows } = await database.asOwner(session => session.run(USE, [role]))
    const [tables, bytes] = rows[0]!.map(Number) as [number, number]
    const use = { tables, bytes }
    if (known.size >= OWNERS_MAX) known.clear()
    known.set(role, { use, atMs: clock.monotonicMs() })
    return use
  }

  return async owner => {
    if (!database.isThere()) return { tables: 0, bytes: 0 }
    const role = roleOf(owner)
    const last = known.get(role)
    if (last !== undefined && clock.monotonicMs() - last.atMs < FRESH_MS) return last.use
    const late = Promise.withResolvers<undefined>()
    const timer = clock.after(WAIT_MS, () => late.resolve(undefined))
    const found = await Promise.race([look(role).catch(() => undefined), late.promise])
    timer.cancel()
    return found
  }
}
