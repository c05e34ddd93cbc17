/** A real ClickHouse for tests, one for all workers of a run; each caller gets a database of its own. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type ClickHouseConnection, startEmbeddedClickHouse } from '../../src/embedded/clickhouse.ts'
import { readChild } from '../../src/embedded/part-directory.ts'
import { containersOf, testsUseContainers } from './containers.ts'
import { onceAtATime, runDirectory, silent } from './run-directory.ts'

/** Where the run's ClickHouse is (`url` with user and password), started by the first caller, and an empty `database`. */
export async function testClickHouse(): Promise<{ url: string; database: string }> {
  const { url } = await sharedServer()
  const database = `test_${randomBytes(6).toString('hex')}`
  const { origin, username, password } = new URL(url)
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const answer = await fetch(origin, {
    method: 'POST',
    headers: { authorization },
    body: `CREATE DATABASE ${database}`,
  })
  if (!answer.ok) throw new Error(`No database for the test: ${await answer.text()}`)
  return { url, database }
}

async function sharedServer(): Promise<ClickHouseConnection> {
  const dataDir = runDirectory()
  if (testsUseContainers()) return (await containersOf(dataDir)).clickhouse
  return onceAtATime('starting-clickhouse', async () => {
    const running = readChild<ClickHouseConnection>(join(dataDir, 'clickhouse'))
    if (running) return running.connection
    const { url } = await startEmbeddedClickHouse({ dataDir, logger: silent })
    return { url }
  })
}
