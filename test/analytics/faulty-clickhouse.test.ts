/** The client of ClickHouse while something else answers in its place, or nothing does. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type AnalyticsClient, createAnalyticsClient } from '../../src/analytics/client.ts'
import { createSystemClock } from '../../src/clock.ts'
import { createLogger } from '../../src/logger.ts'
import { testClickHouse } from '../support/clickhouse.ts'
import { FAULTS, type Fault, type FaultyClickHouse, openFaultyClickHouse } from '../support/faulty-clickhouse.ts'
import { countRows, migratedDatabase } from './database.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
const never = new AbortController().signal
let straight: AnalyticsClient
let server: FaultyClickHouse
let client: AnalyticsClient

beforeAll(async () => {
  straight = await migratedDatabase()
  server = await openFaultyClickHouse((await testClickHouse()).url)
  client = openClient(2_000)
})
function openClient(requestTimeoutMs: number): AnalyticsClient {
  const retryMs = { first: 1, longest: 1 }
  const { database } = straight
  return createAnalyticsClient({ url: server.url, database, clock, logger, requestTimeoutMs, retryMs })
}

afterAll(async () => {
  await client?.close()
  await straight?.close()
  await server?.close()
})

const block = (token: string) => ({
  table: 'migrations',
  format: 'JSONEachRow' as const,
  body: [Buffer.from(JSON.stringify({ name: token, hash: 'h' }))],
  rows: 1,
  token,
})

describe('an insert', () => {
  it.each(Object.keys(FAULTS) as Fault[])('whose answer %s is repeated until it is in, once', async fault => {
    const before = await countRows(straight, 'migrations')
    server.decide(({ nth }) => (nth < 2 ? fault : undefined), true)
    await client.insert(block(fault), never)
    expect(await countRows(straight, 'migrations')).toBe(before + 1)
  })

  it('that something else took for ClickHouse is not in, and is sent again', async () => {
    let sent = 0
    server.decide(() => {
      sent++
      return sent === 1 ? 'is a page of a proxy, with 200' : undefined
    }, true)
    await client.insert(block('taken by a proxy'), never)
    expect(sent).toBe(2)
  })

  it('does not wait for queries that hang, however many there are', async () => {
    const patient = openClient(120_000)
    server.decide(({ sql }) => (sql.includes('hanging') ? 'never comes' : undefined), true)
    let over = 0
    for (let at = 0; at < 100; at++)
      void patient
        .query("SELECT 'hanging' AS word")
        .catch(() => undefined)
        .then(() => over++)
    await patient.insert(block('meanwhile'), never)
    expect(over).toBe(0)
    await patient.close()
  })

  it('and a query that hangs is given up after its time', async () => {
    server.decide(({ sql }) => (sql.includes('hanging') ? 'never comes' : undefined), true)
    await expect(client.query("SELECT 'hanging' AS word")).rejects.toThrow()
  })
})

describe('a query', () => {
  it.each(Object.keys(FAULTS) as Fault[])(
    'whose answer %s is service_unavailable, never a shorter list',
    async fault => {
      server.decide(() => fault)
      await expect(client.query('SELECT number FROM numbers(3)')).rejects.toMatchObject({
        code: 'service_unavailable',
        retryAfterS: 5,
      })
    },
  )

  it('that is wrong in itself is a fault of ours', async () => {
    server.decide(() => undefined)
    await expect(client.query('SELECT FROM WHERE')).rejects.toMatchObject({ name: 'Error', type: 'SYNTAX_ERROR' })
  })

  it('beyond the number that may wait is refused before it is sent', async () => {
    const narrow = createAnalyticsClient({
      url: server.url,
      database: straight.database,
      clock,
      logger,
      requestTimeoutMs: 2_000,
      queriesMax: 2,
    })
    let sent = 0
    server.decide(() => {
      sent++
      return 'never comes'
    })
    const asked = Array.from({ length: 5 }, () => narrow.query('SELECT 1 AS one'))
    const settled = await Promise.allSettled(asked)
    expect(settled.map(({ status }) => status)).toEqual(Array(5).fill('rejected'))
    expect(sent).toBe(2)
    await narrow.close()
  })
})
