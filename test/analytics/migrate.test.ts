import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { migrate } from '../../src/analytics/migrate.ts'
import { readMigrations, splitStatements } from '../../src/analytics/statements.ts'
import { attempt, completion, LAST_OF_PREVIOUS_MONTH, matched, verdict } from './audit-rows.ts'
import { connectToTestDatabase, countRows, insertAudit } from './database.ts'

let client: AnalyticsClient
beforeAll(async () => {
  client = await connectToTestDatabase()
})
afterAll(() => client.close())

describe('migrations', () => {
  it('are applied once, though several processes start together', async () => {
    const names = readMigrations().map(migration => migration.name)
    await Promise.all([migrate(client), migrate(client), migrate(client)])

    expect(await migrate(client)).toEqual([])
    const recorded = await client.query<{ name: string }>('SELECT name FROM migrations ORDER BY name')
    expect(recorded.map(row => row.name)).toEqual(names)
  })

  it('go on where another process is, or was killed, in the middle of a file that drops a view', async () => {
    const own = await connectToTestDatabase()
    const all = readMigrations()
    const at = all.findIndex(({ name }) => name === '0010-meters')
    await migrate(own, all.slice(0, at))
    await own.command(splitStatements(all[at]!.text).find(statement => statement.startsWith('DROP'))!)
    expect(await migrate(own, all.slice(0, at + 1))).toEqual(['0010-meters'])
    await own.close()
  })

  it('are refused when an applied file has changed', async () => {
    const [first, ...rest] = readMigrations()
    const changed = [{ name: first!.name, text: `${first!.text}\n-- one more thought` }, ...rest]

    await expect(migrate(client, changed)).rejects.toThrow(/0001-emits was changed/)
  })

  it('can be repeated statement by statement', () => {
    for (const { text } of readMigrations()) {
      for (const statement of splitStatements(text)) expect(statement).toMatch(/IF (NOT )?EXISTS/)
    }
  })

  it('give every table a deduplication window', async () => {
    const tables = await client.query<{ name: string; create: string }>(
      "SELECT name, create_table_query AS create FROM system.tables WHERE database = {database:String} AND engine LIKE '%MergeTree'",
      { database: client.database },
    )
    expect(tables.length).toBeGreaterThanOrEqual(6)
    for (const table of tables) expect(table.create).toContain('non_replicated_deduplication_window')
  })

  it('let expired history go by whole parts', async () => {
    const tables = await client.query<{ create: string }>(
      "SELECT create_table_query AS create FROM system.tables WHERE database = {database:String} AND create_table_query LIKE '%TTL%'",
      { database: client.database },
    )
    expect(tables.length).toBeGreaterThanOrEqual(5)
    for (const table of tables) expect(table.create).toContain('ttl_only_drop_parts = 1')
  })
})

describe('a block', () => {
  it('inserted twice changes nothing, neither in the tables nor in the meters', async () => {
    const [plain, sent] = [verdict(1), matched(2, ['wh_1'])]
    const block = {
      verdicts: [
        plain,
        sent,
        verdict(3, { verdict: 'rejected', code: 'payload_invalid', eventId: null, payload: null }),
      ],
      completions: [completion(sent, 'DELIVERED')],
      attempts: [attempt(sent, 'wh_1', 'dlv_1')],
    }
    await insertAudit(client, 100, block)
    const before = await contents(client)
    await insertAudit(client, 101, { verdicts: [verdict(4)] })
    await insertAudit(client, 100, block)

    expect(before).toEqual({
      emits: 3,
      payloads: 2,
      completions: 1,
      attempts: 1,
      usage: { emits: 2, webhook_attempts: 1, deliveries_succeeded: 1, stored_bytes: 2 * plain.payloadBytes },
    })
    expect(await contents(client)).toEqual({
      ...before,
      emits: 4,
      payloads: 3,
      usage: { ...before.usage, emits: 3, stored_bytes: 3 * plain.payloadBytes },
    })
  })

  it('with rows of two months is inserted month by month, so that each insert is one part', async () => {
    const late = LAST_OF_PREVIOUS_MONTH
    const before = await countRows(client, 'emits')
    const block = { verdicts: [verdict(1, { recordedAtMs: late }), verdict(2, { recordedAtMs: late + 1 })] }
    await insertAudit(client, 200, block)
    await insertAudit(client, 200, block)

    expect(await countRows(client, 'emits')).toBe(before + 2)
  })
})

async function contents(of: AnalyticsClient) {
  const usage = await of.query<{ meter: string; count: number }>(
    'SELECT meter, toUInt64(sum(count)) AS count FROM usage_by_hour GROUP BY meter',
  )
  return {
    emits: await countRows(of, 'emits'),
    payloads: await countRows(of, 'payloads'),
    completions: await countRows(of, 'completions'),
    attempts: await countRows(of, 'attempts'),
    usage: Object.fromEntries(usage.map(({ meter, count }) => [meter, count])),
  }
}
