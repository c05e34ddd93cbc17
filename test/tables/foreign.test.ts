/** Statements on a foreign PostgreSQL share connections within one owner, and nothing else. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { createForeignDatabases, type ForeignDatabases } from '../../src/tables/foreign.ts'
import { openSession } from '../../src/tables/store/session.ts'
import { makeDataDirectory, silent } from '../support/run-directory.ts'

let server: EmbeddedPostgres
let foreign: ForeignDatabases
let connects = 0
beforeAll(async () => {
  server = await openEmbeddedPostgres({ dataDir: makeDataDirectory(), logger: silent })
  const addressesOf = async (address: string) => {
    connects++
    return [{ address, family: 4 as const }]
  }
  foreign = createForeignDatabases({ guard: { addressesOf } as never, clock: createSystemClock() })
  await query('create', 'select 1')
}, 120_000)
afterAll(async () => {
  await foreign?.close()
  await server?.close()
})

async function query(owner: string | undefined, sql: string, mode: 'read' | 'write' = 'read') {
  const { host, port, database, user, password } = server
  const settings = { host, port, database, user, password, tls: 'disable' as const }
  const { rows } = await foreign.run(owner === undefined ? settings : { ...settings, owner }, {
    ...{ sql, params: [], mode, timeoutMs: 5_000 },
  })
  return rows
}
/** How many connections the work opens. */
async function opened(work: () => Promise<unknown>): Promise<number> {
  const before = connects
  await work()
  return connects - before
}

it('one owner has its connection again, another one has its own, and without an owner each is used once', async () => {
  expect(await opened(() => query('a', 'select 1'))).toBe(1)
  expect(await opened(() => query('a', 'select 1', 'write'))).toBe(0)
  expect(await opened(() => query('a', 'select 1'))).toBe(0)
  expect(await opened(() => query('b', 'select 1'))).toBe(1)
  expect(await opened(() => query(undefined, 'select 1'))).toBe(1)
  expect(await opened(() => query(undefined, 'select 1'))).toBe(1)
})

it('what a statement has set is gone for the next one', async () => {
  const set = "select set_config('application_name', 'sly', false)"
  const shown = "select current_setting('application_name') as name"
  await query('c', set, 'write')
  expect(await query('c', shown)).toEqual([{ name: 'clarion' }])
  await query('c', set)
  expect(await query('c', shown)).toEqual([{ name: 'clarion' }])
})

it('a connection that a statement has failed on is not used again', async () => {
  await query('d', 'select 1')
  await expect(query('d', 'select 1 / 0')).rejects.toMatchObject({ code: 'sql_failed' })
  expect(await opened(() => query('d', 'select 1'))).toBe(1)
})

it('one that the server has ended is opened anew', async () => {
  await query('e', 'select 1')
  const administrator = await openSession(server)
  await administrator.run('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()')
  await administrator.close()
  // Its end may be noticed by the statement alone, which may be tried again then.
  const again = () => query('e', 'select 2 as n').catch(() => query('e', 'select 2 as n'))
  expect(await opened(async () => expect(await again()).toEqual([{ n: 2 }]))).toBe(1)
})
