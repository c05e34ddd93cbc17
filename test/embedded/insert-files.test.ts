/** Data on its way into the embedded ClickHouse, through files of its process. */
import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from '../../src/embedded/clickhouse.ts'
import { makeDataDirectory, silent } from '../support/run-directory.ts'

let server: EmbeddedClickHouse
let client: ReturnType<typeof createClient>
let folder: string

beforeAll(async () => {
  // The remains of a killed process.
  const dataDir = makeDataDirectory()
  folder = join(dataDir, 'clickhouse', 'inserts')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'left.rows'), 'left')
  server = await startEmbeddedClickHouse({ dataDir, logger: silent })
  client = createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF } })
}, 60_000)
afterAll(async () => {
  await client?.close()
  await server?.close()
})

async function insert(query: string, data: Buffer, to = client): Promise<void> {
  const { stream } = await to.exec({ query, values: Readable.from([data], { objectMode: false }) })
  stream.resume()
  await once(stream, 'end')
}

async function rows(query: string): Promise<unknown[]> {
  const answer = await client.query({ query, format: 'JSONEachRow' })
  return answer.json()
}

it('binary data arrives to the byte, a cut-off insert is refused as a whole, and leaves nothing outside the tables', async () => {
  await client.command({ query: 'CREATE TABLE bytes (id UInt8, text String) ENGINE = MergeTree ORDER BY id' })
  const texts = [Buffer.from([0, 10, 13, 32, 39, 92, 255, 254]), Buffer.alloc(0), Buffer.alloc(127, ';')]
  const data = Buffer.concat(texts.flatMap((text, id) => [Buffer.from([id, text.length]), text]))
  const query = 'INSERT INTO bytes (id, text)\nFORMAT RowBinary'
  await Promise.all([
    insert(query, data),
    expect(insert(query, data.subarray(0, -1))).rejects.toMatchObject({ code: '33' }),
  ])
  expect(await rows('SELECT id, hex(text) AS hex FROM bytes ORDER BY id')).toEqual(
    texts.map((text, id) => ({ id, hex: text.toString('hex').toUpperCase() })),
  )
  const files = readdirSync(folder)
  expect(files.length).toBeGreaterThan(0)
  expect(files).not.toContain('left.rows')
  for (const file of files) expect(statSync(join(folder, file))).toMatchObject({ size: 0, mode: 0o100600 })
})

it.each([
  ['that has settings', 'INSERT INTO texts SETTINGS async_insert = 0 FORMAT TSV', '1\n'],
  ['that it ends', 'INSERT INTO texts VALUES', '(1)'],
  ['that names its table as a word of the language', 'INSERT INTO `my format` FORMAT JSONEachRow', '{"id":1}'],
])('data behind a query %s is taken', async (_title, query, data) => {
  const table = /`.*`/.exec(query)?.[0] ?? 'texts'
  await client.command({ query: `CREATE OR REPLACE TABLE ${table} (id UInt8) ENGINE = MergeTree ORDER BY id` })
  await insert(query, Buffer.from(data))
  expect(await rows(`SELECT id FROM ${table}`)).toEqual([{ id: 1 }])
})

it('data is taken where the data directory has a name that the engine takes for a pattern', async () => {
  const dataDir = join(makeDataDirectory(), "a{b}'*")
  const there = await startEmbeddedClickHouse({ dataDir, logger: silent })
  const another = createClient({ url: there.url, log: { level: ClickHouseLogLevel.OFF } })
  try {
    await another.command({ query: 'CREATE TABLE texts (id UInt8) ENGINE = MergeTree ORDER BY id' })
    await insert('INSERT INTO texts FORMAT RowBinary', Buffer.from([7]), another)
    const answer = await another.query({ query: 'SELECT id FROM texts', format: 'JSONEachRow' })
    expect(await answer.json()).toEqual([{ id: 7 }])
  } finally {
    await another.close()
    await there.close()
  }
}, 60_000)
