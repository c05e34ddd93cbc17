/**
 * Brings the database to the shape that this version reads and writes.
 *
 * ClickHouse has neither transactions for DDL nor a lock, so nothing here needs one: every statement can be repeated (`IF NOT EXISTS`; a
 * test holds the files to it), a file is recorded only after all of its statements, and processes that start together apply the same file
 * twice to no effect.
 */
import { createHash } from 'node:crypto'
import type { AnalyticsClient } from './client.ts'
import { type Migration, readMigrations, splitStatements } from './statements.ts'

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS migrations (name String, hash String, appliedAt DateTime64(3, 'UTC') DEFAULT now64(3))
  ENGINE = MergeTree ORDER BY name SETTINGS non_replicated_deduplication_window = 1000`

/**
 * Makes the database if it is missing and applies what has not been applied yet, in order. Answers the names applied now. Throws when a
 * file that was applied before has changed since: write a new one instead.
 */
export async function migrate(client: AnalyticsClient, migrations: Migration[] = readMigrations()): Promise<string[]> {
  await client.createDatabase()
  await client.command(MIGRATIONS_TABLE)
  const applied = await readApplied(client)
  const fresh = migrations.filter(migration => !isApplied(migration, applied))
  for (const migration of fresh) await apply(client, migration)
  return fresh.map(migration => migration.name)
}

async function readApplied(client: AnalyticsClient): Promise<Map<string, string>> {
  const rows = await client.query<{ name: string; hash: string }>('SELECT name, hash FROM migrations')
  return new Map(rows.map(row => [row.name, row.hash]))
}

function isApplied(migration: Migration, applied: Map<string, string>): boolean {
  const hash = applied.get(migration.name)
  if (hash === undefined) return false
  if (hash !== hashOf(migration)) throw new Error(`migration ${migration.name} was changed after it had been applied`)
  return true
}

async function apply(client: AnalyticsClient, migration: Migration): Promise<void> {
  for (const statement of splitStatements(migration.text)) await client.command(statement)
  const hash = hashOf(migration)
  // The token keeps two processes that apply the same file from recording it twice.
  const body = [Buffer.from(JSON.stringify({ name: migration.name, hash }))]
  await client.insert({ table: 'migrations', format: 'JSONEachRow', body, rows: 1, token: `${migration.name}/${hash}` }, never)
}

/** Starting up is not called off half-way. */
const never = new AbortController().signal

const hashOf = (migration: Migration): string => createHash('sha256').update(migration.text).digest('hex')
