/** The embedded PostgreSQL by itself: its start, its end, and what is left of it. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { readChild } from '../../src/embedded/part-directory.ts'
import { type EmbeddedPostgres, hasEmbeddedPostgres, openEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { isAlive, waitUntilGone } from '../../src/embedded/process-identity.ts'
import { openSession } from '../../src/tables/store/session.ts'
import { adopt, makeDataDirectory, silent } from '../support/run-directory.ts'
import { testTables } from '../support/tables.ts'

const owner = { organizationId: `org_${'0'.repeat(26)}`, environment: 'live' as const }
const LIMITS = { tables: 9, tableBytes: 1e9 }

it('starts once, is joined by others, and leaves only what lasts', async () => {
  const dataDir = makeDataDirectory()
  expect(hasEmbeddedPostgres(dataDir)).toBe(false)
  const [first, second] = await Promise.all([1, 2].map(() => openEmbeddedPostgres({ dataDir, logger: silent })))
  expect([first!.isJoined, second!.isJoined].sort()).toEqual([false, true])
  expect(first!.port).toBe(second!.port)
  const child = readChild(join(dataDir, 'postgres'))!
  adopt(child.pid)
  const session = await openSession(first!)
  expect((await session.run('show listen_addresses')).rows).toEqual([['127.0.0.1']])
  expect((await session.run('show fsync')).rows).toEqual([['on']])
  await session.close()
  await expect(openSession({ ...first!, password: 'guessed' })).rejects.toThrow(/password/)
  await Promise.all([first!.close(), second!.close()])
  expect(isAlive(child)).toBe(false)
  expect(hasEmbeddedPostgres(dataDir)).toBe(true)
  expect(readdirSync(join(dataDir, 'postgres')).sort()).toEqual([
    'credentials.json',
    'data',
    'ports.json',
    'server.log',
  ])
}, 120_000)

it('that is killed comes back with the next call, and has what was acknowledged', async () => {
  const dataDir = makeDataDirectory()
  let running: Promise<EmbeddedPostgres> | undefined
  const start = () => openEmbeddedPostgres({ dataDir, logger: silent, onExit: () => (running = undefined) })
  const store = testTables(() => (running ??= start()))
  await store.tables.create(owner, { name: 'kept', columns: [{ name: 'n', type: 'integer' }] }, LIMITS)
  for (let n = 1; n <= 3; n++) {
    await store.tables.insert(owner, 'kept', [{ n }], LIMITS, () => '')
    const child = readChild(join(dataDir, 'postgres'))!
    process.kill(child.pid, 'SIGKILL')
    await waitUntilGone(child, 10_000)
    const { rows } = await store.tables.select(owner, 'kept', { where: {}, orderBy: 'n', limit: 9 })
    expect(rows.map(row => row.n)).toEqual(Array.from({ length: n }, (_, at) => at + 1))
  }
  await store.close()
  await (await running)?.close()
}, 120_000)

it('that an owner left behind is ended before the directory is used again', async () => {
  const dataDir = makeDataDirectory()
  const left = await openEmbeddedPostgres({ dataDir, logger: silent })
  const child = readChild(join(dataDir, 'postgres'))!
  adopt(child.pid)
  const session = await openSession(left)
  // As after a SIGKILL of the owner: the server runs on, and its lock names a process that is gone.
  rmSync(join(dataDir, 'postgres', 'owner.lock'))
  const next = await openEmbeddedPostgres({ dataDir, logger: silent })
  expect([isAlive(child), session.isOpen, next.isJoined]).toEqual([false, false, false])
  await next.close()
}, 120_000)
