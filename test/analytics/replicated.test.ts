import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { onCluster } from '../../src/analytics/replicated.ts'
import { readMigrations, splitStatements } from '../../src/analytics/statements.ts'
import { connectToTestDatabase } from './database.ts'

let client: AnalyticsClient
beforeAll(async () => {
  client = await connectToTestDatabase()
})
afterAll(() => client.close())

/** As ClickHouse's own parser writes it again. */
const parsed = async (sql: string) =>
  (await client.query<{ sql: string }>('SELECT formatQuery({sql:String}) AS sql', { sql }))[0]!.sql
const statements = readMigrations().flatMap(({ text }) => splitStatements(text))

describe('definitions for a cluster', () => {
  it('are understood by ClickHouse, run on all replicas, and make replicated tables only', async () => {
    for (const statement of statements) {
      const sql = await parsed(onCluster(statement, 'my-cluster'))
      expect(sql).toMatch(/ON CLUSTER `my-cluster`/)
      expect(sql).not.toMatch(/ENGINE = (?!Replicated)\w*MergeTree|non_replicated/)
      if (/^CREATE TABLE/i.test(statement)) {
        expect(sql).toMatch(
          /ENGINE = Replicated\w*MergeTree\('\/clickhouse\/tables\/\{shard\}\/\{database\}\/\w+', '\{replica\}'/,
        )
        expect(sql).toContain('replicated_deduplication_window = 10000')
      }
    }
  })

  it('are otherwise those of the statement', async () => {
    const withoutReplication = async (sql: string) =>
      (await parsed(sql))
        .replace(/ ON CLUSTER `?c`?/, '')
        .replace(
          /Replicated(\w*MergeTree)\('[^']*', '\{replica\}'(?:, )?([^)]*)\)/,
          (_, engine, rest) => `${engine}${rest && `(${rest})`}`,
        )
        .replace('replicated_deduplication_window', 'non_replicated_deduplication_window')
    for (const statement of statements)
      expect(await withoutReplication(onCluster(statement, 'c'))).toBe(await parsed(statement))
  })

  it('keep the parameters of an engine', () => {
    expect(onCluster('CREATE TABLE IF NOT EXISTS t (n Int8) ENGINE = SummingMergeTree(n) ORDER BY n', 'c')).toBe(
      "CREATE TABLE IF NOT EXISTS t ON CLUSTER `c` (n Int8) ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/t', '{replica}', n) ORDER BY n",
    )
  })

  it('keep a name of any letters a name', async () => {
    expect(await parsed(onCluster('DROP VIEW IF EXISTS v', 'a`; DROP TABLE x; \\'))).not.toMatch(
      /; DROP TABLE x(?![^`]*`)/,
    )
  })

  it('are refused when nothing says how to run them on all replicas', () => {
    expect(() => onCluster('RENAME TABLE a TO b', 'c')).toThrow('no definition')
  })
})
