import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { testClickHouse } from '../support/clickhouse.ts'

describe('the embedded ClickHouse, through the official client', () => {
  let place: Awaited<ReturnType<typeof testClickHouse>>
  let client: ReturnType<typeof createClient>
  const rows = async <T>(query: string, query_params?: Record<string, unknown>) => {
    const answer = await client.query({ query, format: 'JSONEachRow', ...(query_params ? { query_params } : {}) })
    return answer.json<T>()
  }

  beforeAll(async () => {
    place = await testClickHouse()
    client = createClient({ ...place, log: quiet })
  })
  afterAll(() => client.close())

  it('answers ping, also while a long query runs', async () => {
    const order: string[] = []
    const long = client
      .query({ query: 'SELECT sleep(1.5)' })
      .then(answer => answer.text())
      .then(() => order.push('query'))
    const ping = client.ping().then(({ success }) => order.push(`ping ${success}`))
    await Promise.all([long, ping])
    expect(order).toEqual(['ping true', 'query'])
    expect(await client.ping({ select: true })).toEqual({ success: true })
  })

  it('stores inserted text and gives it back, in any characters', async () => {
    await client.command({
      query: 'CREATE TABLE things (id UInt64, text String, tags Array(String)) ENGINE = MergeTree ORDER BY id',
    })
    const values = [
      { id: 1, text: `it's; "quoted" \\ and\ttabbed\nönly ☂`, tags: ["a'b", 'c;d'] },
      { id: 2, text: '', tags: [] },
    ]
    await client.insert({ table: 'things', values, format: 'JSONEachRow' })
    expect(await rows('SELECT * FROM things ORDER BY id')).toEqual(values)
  })

  it('binds parameters of every shape as values, never as SQL', async () => {
    const parameters = {
      text: `a'; DROP TABLE things; -- \\ \t ☂`,
      number: 42,
      none: null,
      list: ["it's", 'a\\b', 'x,y'],
      flag: true,
    }
    const [row] = await rows(
      'SELECT {text:String} AS text, {number:UInt32} AS number, {none:Nullable(String)} AS none, {list:Array(String)} AS list, {flag:Bool} AS flag',
      parameters,
    )
    expect(row).toEqual(parameters)
  })

  it('takes as many parameters as a server of its own does', async () => {
    const list = Array.from({ length: 5_000 }, (_, n) => `cee_${String(n).padStart(32, '0')}`)
    expect(await rows('SELECT length({list:Array(String)})::UInt32 AS count', { list })).toEqual([{ count: 5_000 }])
  })

  it('drops a repeated insert with the same deduplication token, in the table and in its materialized view', async () => {
    const once = 'SETTINGS non_replicated_deduplication_window = 100'
    await client.command({
      query: `CREATE TABLE emits (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id ${once}`,
    })
    await client.command({
      query: `CREATE TABLE hours (hour DateTime, count UInt64) ENGINE = SummingMergeTree ORDER BY hour ${once}`,
    })
    await client.command({
      query:
        'CREATE MATERIALIZED VIEW fill TO hours AS SELECT toStartOfHour(at) AS hour, count() AS count FROM emits GROUP BY hour',
    })
    const values = [1, 2, 3].map(id => ({ id, at: 3_600 }))
    for (const token of ['emits/0/0-2', 'emits/0/0-2', 'emits/0/3-5']) {
      await client.insert({
        table: 'emits',
        values,
        format: 'JSONEachRow',
        clickhouse_settings: {
          insert_deduplication_token: token,
          deduplicate_blocks_in_dependent_materialized_views: 1,
        },
      })
    }
    expect(await rows('SELECT (SELECT count() FROM emits) AS emits, (SELECT sum(count) FROM hours) AS hours')).toEqual([
      { emits: 6, hours: 6 },
    ])
  })

  it('gives errors their code, type and HTTP status', async () => {
    await expect(client.query({ query: 'SELECT * FROM nowhere' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    })
    await expect(client.query({ query: 'SELECT FROM WHERE' })).rejects.toMatchObject({ code: '62' })
    await expect(client.command({ query: 'SELECT 1; SELECT 2' })).rejects.toMatchObject({ code: '62' })
    const answer = await fetch(withoutUser(place.url), {
      method: 'POST',
      headers: basic(place.url),
      body: 'SELECT * FROM nowhere',
    })
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([404, '60'])
  })

  it('keeps settings and database of one call out of the next', async () => {
    const setting = "SELECT getSetting('max_threads') AS threads, currentDatabase() AS database"
    const answer = await client.query({
      query: setting,
      format: 'JSONEachRow',
      clickhouse_settings: { max_threads: 61 },
    })
    expect(await answer.json()).toEqual([{ threads: 61, database: place.database }])
    const elsewhere = await fetch(`${withoutUser(place.url)}/?default_format=JSONEachRow`, {
      method: 'POST',
      headers: basic(place.url),
      body: setting,
    })
    const after = (await elsewhere.json()) as { threads: number; database: string }
    expect(after.database).toBe('default')
    expect(after.threads).not.toBe(61)
  })

  it('refuses callers without the password', async () => {
    const stranger = createClient({ url: withoutUser(place.url), username: 'platform', password: 'guess', log: quiet })
    await expect(stranger.query({ query: 'SELECT 1' })).rejects.toMatchObject({
      code: '516',
      type: 'AUTHENTICATION_FAILED',
    })
    await stranger.close()
  })

  it('changes nothing on a GET', async () => {
    const query = encodeURIComponent('CREATE TABLE sneaked (id UInt8) ENGINE = MergeTree ORDER BY id')
    const answer = await fetch(`${withoutUser(place.url)}/?query=${query}`, { headers: basic(place.url) })
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([403, '164'])
  })

  it('takes an insert without rows as done', async () => {
    await client.command({ query: 'CREATE TABLE empty (id UInt64) ENGINE = MergeTree ORDER BY id' })
    await client.insert({ table: 'empty', values: [], format: 'JSONEachRow' })
    const headers = basic(place.url)
    const answer = await fetch(
      `${withoutUser(place.url)}/?database=${place.database}&query=INSERT%20INTO%20empty%20FORMAT%20JSONEachRow`,
      {
        method: 'POST',
        headers,
      },
    )
    expect(answer.status).toBe(200)
  })
})

const quiet = { level: ClickHouseLogLevel.OFF }
const withoutUser = (url: string) => new URL(url).origin
const basic = (url: string) => {
  const { username, password } = new URL(url)
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}
