/** A queue in PostgreSQL, durable: tables and statements are those of pgmq 1.5, without the extension and without HTTP. */
import { join } from 'node:path'
import pg from 'pg'
import { openEmbeddedPostgres } from '../../../src/embedded/postgres.ts'
import { BODY, type OtherQueue } from './baseline.ts'

const FILL = 1_000
const VISIBLE_S = 600

export const pgmq: OtherQueue = {
  name: "PostgreSQL, pgmq's statements",
  takesMany: true,
  async open(testbed, queues) {
    const { dataDir, say } = testbed
    const server = await openEmbeddedPostgres({ dataDir: join(dataDir, 'pgmq'), logger: { info: say, warn: say } })
    const { host, port, user, password, database } = server
    const pool = new pg.Pool({ host, port, user, password, database, max: 64 })
    // The server ends first, and says so on idle connections.
    pool.on('error', () => undefined)
    for (let queue = 0; queue < queues; queue++) {
      await pool.query(`drop table if exists q_bench_${queue}`)
      await pool.query(
        `create table q_bench_${queue} (
          msg_id bigint primary key generated always as identity, read_ct int default 0 not null,
          enqueued_at timestamptz default now() not null, vt timestamptz not null, message jsonb, headers jsonb)`,
      )
      await pool.query(`create index q_bench_${queue}_vt on q_bench_${queue} (vt asc)`)
    }
    return {
      async fill(perQueue) {
        for (let queue = 0; queue < queues; queue++)
          for (let sent = 0; sent < perQueue; sent += FILL)
            await pool.query({
              text: `insert into q_bench_${queue} (vt, message) select clock_timestamp(), $1::jsonb from generate_series(1, $2::int)`,
              values: [BODY, Math.min(FILL, perQueue - sent)],
            })
        for (let queue = 0; queue < queues; queue++) await pool.query(`vacuum analyze q_bench_${queue}`)
      },
      async cycle(queue, max) {
        const { rows } = await pool.query<{ msg_id: string }>({
          name: `read-${queue}`,
          text: `with cte as (
              select msg_id from q_bench_${queue} where vt <= clock_timestamp()
              order by msg_id asc limit $1 for update skip locked)
            update q_bench_${queue} m set vt = clock_timestamp() + make_interval(secs => $2), read_ct = read_ct + 1
            from cte where m.msg_id = cte.msg_id
            returning m.msg_id, m.read_ct, m.enqueued_at, m.vt, m.message, m.headers`,
          values: [max, VISIBLE_S],
        })
        if (rows.length === 0) return 0
        await pool.query({
          name: `delete-${queue}`,
          text: `delete from q_bench_${queue} where msg_id = any($1::bigint[]) returning msg_id`,
          values: [rows.map(({ msg_id }) => msg_id)],
        })
        return rows.length
      },
      async close() {
        await pool.end()
        await server.close()
      },
    }
  },
}
