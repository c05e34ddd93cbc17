/**
 * The growth of organizations' tables as readings of the meter `stored_bytes` (`topics/audit-meters.ts`). The database
 * keeps each counter beside the size that it was last raised for, so that one of all processes raises it each hour, and
 * a lost reading is made up for by the next one.
 */
import { auditMeters, auditMetersCodec, type MeterReading } from '../../topics/audit-meters.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Appender } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { Logger } from '../logger.ts'
import type { Database } from './store/database.ts'
import { ownerOf } from './store/tenants.ts'

export interface TableGrowth {
  /** Writes the readings that are due in this hour. Called by the timer. */
  measure(): Promise<void>
  close(): void
}

const FIRST_MS = 60_000
const EVERY_MS = 600_000
/** Readings in one record. */
const BATCH = 1_000

/**
 * The history takes a reading whole when the two days before it have none of its counter: so a counter that was not
 * read for a day gives way to a new one, of what has grown since.
 */
const RAISE = `
  with sizes as (
    select n.nspname as login, coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint as bytes
    from pg_catalog.pg_namespace n left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind = 'r'
    where n.nspname ~ '^o_' group by n.nspname)
  insert into clarion.growth as g (login, bytes, grown, since, measured_at)
  select login, bytes, bytes, $1::timestamptz, $1::timestamptz from sizes order by login
  on conflict (login) do update set
    bytes = excluded.bytes,
    grown = greatest(0, excluded.bytes - g.bytes)
      + case when g.measured_at < excluded.measured_at - interval '1 day' then 0 else g.grown end,
    since = case when g.measured_at < excluded.measured_at - interval '1 day' then excluded.since else g.since end,
    measured_at = excluded.measured_at
  where pg_catalog.date_trunc('hour', g.measured_at, 'UTC') < pg_catalog.date_trunc('hour', excluded.measured_at, 'UTC')
  returning login, grown, extract(epoch from since)::bigint`

export function createTableGrowth(deps: {
  database: Pick<Database, 'asOwner' | 'isThere'>
  appender: Pick<Appender, 'append'>
  shards: number
  clock: Clock
  logger: Logger
}): TableGrowth {
  const { database, clock } = deps
  let timer: Timer | undefined
  let isClosed = false

  async function measure(): Promise<void> {
    if (!database.isThere()) return
    const atMs = Math.round(clock.nowMs())
    try {
      const { rows } = await database.asOwner(session => session.run(RAISE, [new Date(atMs).toISOString()]))
      const readings = (rows as string[][]).map(row => readingOf(row, atMs))
      const byShard = Map.groupBy(readings, ({ organizationId }) => shardOf(organizationId, deps.shards))
      for (const [shard, list] of byShard)
        for (let at = 0; at < list.length; at += BATCH) await write(shard, list.slice(at, at + BATCH))
    } catch (error) {
      if (isClosed) return
      deps.logger.warn({ error: String(error) }, 'the tables were not measured; the next measure covers it')
    }
  }

  async function write(partition: number, readings: MeterReading[]): Promise<void> {
    const value = auditMetersCodec.encode({ readings })
    await deps.appender.append({ topic: auditMeters.name, partition, key: null, value })
  }

  function schedule(delayMs: number): void {
    timer = clock.after(delayMs, () => {
      void measure()
      schedule(EVERY_MS)
    })
  }

  schedule(FIRST_MS)
  return {
    measure,
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}

const readingOf = ([login, grown, since]: string[], atMs: number): MeterReading => ({
  ...{ ...ownerOf(login!), meter: 'stored_bytes', counterId: `tables/${login}/${since}` },
  ...{ reading: Number(grown), atMs },
})
