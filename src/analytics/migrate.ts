/**
 * Migrates the database to the schema of this version.
 *
 * ClickHouse has neither transactions for DDL nor a lock, so every statement can be repeated (`IF NOT EXISTS`; a test
 * checks the files), a file is recorded only after all of its statements, and processes that start together may apply
 * the same file twice without effect. A table that existed and is gone is not created again: an empty one in its place
 * would pass for the history.
 */
import { createHash } from 'node:crypto'
import type { AnalyticsClient } from './client.ts'
import { type Migration, readMigrations, splitStatements } from './statements.ts'

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS migrations (name String, hash String, appliedAt DateTime64(3, 'UTC') DEFAULT now64(3))
  ENGINE = MergeTree ORDER BY name SETTINGS non_replicated_deduplication_window = 1000`

/** Tables existed and are gone. The message is a sentence for the operator. */
export class MissingTables extends Error {}

/**
 * Creates the database if it is missing and applies the pending migrations in order. Returns the names applied now.
 * Throws when an applied file has changed: write a new one instead. Throws `MissingTables`; `wereMade`: all tables are
 * known to have existed, whatever the database says.
 */
export async function migrate(
  client: AnalyticsClient,
  migrations: Migration[] = readMigrations(),
  wereMade = false,
): Promise<string[]> {
  if (wereMade && !(await tablesOf(client)).has('migrations')) throw new MissingTables(sentenceOf(['migrations']))
  await client.createDatabase()
  await client.define(MIGRATIONS_TABLE)
  const applied = await readApplied(client)
  const fresh = migrations.filter(migration => !isApplied(migration, applied))
  await checkTables(
    client,
    migrations.filter(migration => !fresh.includes(migration)),
    fresh,
  )
  for (const migration of fresh) await apply(client, migration)
  return fresh.map(migration => migration.name)
}

async function readApplied(client: AnalyticsClient): Promise<Map<string, string>> {
  const rows = await client.query<{ name: string; hash: string }>('SELECT name, hash FROM migrations')
  return new Map(rows.map(row => [row.name, row.hash]))
}

/**
 * What a pending file drops may be gone: another process is in the middle of that file, or was killed there before it
 * recorded it.
 */
async function checkTables(client: AnalyticsClient, applied: Migration[], pending: Migration[]): Promise<void> {
  const present = await tablesOf(client)
  const dropped = new Set(changesOf(pending).flatMap(({ verb, name }) => (verb === 'DROP' ? [name] : [])))
  const missing = madeBy(applied).filter(name => !present.has(name) && !dropped.has(name))
  if (missing.length > 0) throw new MissingTables(sentenceOf(missing))
}

const sentenceOf = (names: string[]): string =>
  `The ${names.length > 1 ? 'tables' : 'table'} ${names.join(', ')} of ClickHouse, which had been made, ${names.length > 1 ? 'are' : 'is'} missing.`

/** Tables and views that exist once the files have been applied. */
function madeBy(migrations: Migration[]): string[] {
  const names = new Set<string>()
  for (const { verb, name } of changesOf(migrations))
    if (verb === 'DROP') names.delete(name)
    else names.add(name)
  return [...names]
}

const CHANGE = /^(CREATE|DROP)\s+(?:TABLE|VIEW|MATERIALIZED\s+VIEW)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(\w+)/i

/** Tables and views that the files create and drop, in order. */
function changesOf(migrations: Migration[]): Array<{ verb: string; name: string }> {
  return migrations.flatMap(({ text }) =>
    splitStatements(text).flatMap(statement => {
      const [, verb, name] = CHANGE.exec(statement) ?? []
      return verb === undefined ? [] : [{ verb: verb.toUpperCase(), name: name! }]
    }),
  )
}

/** Empty when the database does not exist. */
async function tablesOf(client: AnalyticsClient): Promise<Set<string>> {
  const found = await client
    .query<{ name: string }>('SELECT name FROM system.tables WHERE database = currentDatabase()')
    .catch(error => {
      if ((error as { cause?: { type?: string } }).cause?.type === 'UNKNOWN_DATABASE') return []
      throw error
    })
  return new Set(found.map(({ name }) => name))
}

function isApplied(migration: Migration, applied: Map<string, string>): boolean {
  const hash = applied.get(migration.name)
  if (hash === undefined) return false
  if (hash !== hashOf(migration)) throw new Error(`migration ${migration.name} was changed after it had been applied`)
  return true
}

async function apply(client: AnalyticsClient, migration: Migration): Promise<void> {
  for (const statement of splitStatements(migration.text)) await client.define(statement)
  const hash = hashOf(migration)
  // The token prevents two processes that apply the same file from recording it twice.
  const body = [Buffer.from(JSON.stringify({ name: migration.name, hash }))]
  await client.insert(
    { table: 'migrations', format: 'JSONEachRow', body, rows: 1, token: `${migration.name}/${hash}` },
    never,
  )
}

/** A migration is not cancelled half-way. */
const never = new AbortController().signal

const hashOf = (migration: Migration): string => createHash('sha256').update(migration.text).digest('hex')
