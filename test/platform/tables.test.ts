/** Tables over HTTP against a whole platform: what callers get. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient } from '../../sdks/typescript/src/index.ts'
import { listOfRows } from '../../src/api/tables/handlers.ts'
import { orderedValue, writeCursor } from '../../src/model/cursors.ts'
import { root } from '../docs/blocks.ts'
import { sharedPlatform, startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { servers } from '../support/tables.ts'
import { until } from '../support/until.ts'

const PATH = '/api/v1/tables'

type UsageSummary = { used: Record<string, number>; limits: Record<string, number | null>; warnings: unknown[] }
const stock = {
  name: 'stock',
  columns: [
    { name: 'sku', type: 'text', nullable: false, unique: true },
    { name: 'quantity', type: 'integer', default: 0 },
    { name: 'price', type: 'numeric' },
    { name: 'big', type: 'bigint' },
    { name: 'seen', type: 'timestamptz' },
    { name: 'facts', type: 'jsonb' },
    { name: 'ok', type: 'boolean' },
    { name: 'ref', type: 'uuid' },
  ],
}

describe.each(servers)('tables on $server', ({ url }) => {
  let platform: TestPlatform
  let own: TestPlatform | undefined
  let shop: TestOrganization
  let other: TestOrganization
  beforeAll(async () => {
    const given = await url()
    if (given === undefined) platform = await sharedPlatform()
    else platform = own = await startPlatform({ env: { DATABASE_URL: given } })
    shop = await platform.organization('PRO')
    other = await platform.organization('PRO')
  }, 180_000)
  afterAll(() => own?.stop())

  const call = (method: string, path = '', body?: unknown) => shop.call(method, PATH + path, body)

  it('are made, described, listed, widened and deleted', async () => {
    const made = await call('POST', '', stock)
    expect([made.status, made.code]).toEqual([201, undefined])
    expect(made.data).toMatchObject({ name: 'stock', storedBytes: expect.any(Number) })
    const { columns } = made.data as { columns: unknown[] }
    expect(columns).toHaveLength(8)
    expect(columns.slice(0, 2)).toEqual([
      { name: 'sku', type: 'text', nullable: false, default: null, unique: true },
      { name: 'quantity', type: 'integer', nullable: true, default: 0, unique: false },
    ])
    expect([(await call('POST', '', stock)).code, (await call('GET', '/stock')).data]).toEqual([
      'table_exists',
      made.data,
    ])
    const wide = await call('POST', '/stock/columns', { name: 'place', type: 'text', default: "it's" })
    expect((wide.data as { columns: unknown[] }).columns.at(-1)).toMatchObject({ name: 'place', default: "it's" })
    expect((await call('POST', '/stock/columns', { name: 'place', type: 'text' })).code).toBe('table_exists')
    for (const name of ['a', 'b', 'c']) await call('POST', '', { name, columns: [] })
    const first = await call('GET', '?limit=2')
    const { nextCursor } = (first.body as { meta: { nextCursor: string } }).meta
    const second = await call('GET', `?limit=2&cursor=${nextCursor}`)
    const names = [first, second].flatMap(({ data }) =>
      (data as unknown as Array<{ name: string }>).map(({ name }) => name),
    )
    expect(names).toEqual(['a', 'b', 'c', 'stock'])
    for (const name of ['a', 'b', 'c']) expect((await call('DELETE', `/${name}`)).data).toEqual({ name, deleted: true })
    expect((await call('GET', '/a')).status).toBe(404)
    expect((await call('POST', '/stock/rows', { sku: 'x' })).data).toMatchObject({
      id: expect.any(Number),
      quantity: 0,
      place: "it's",
    })
  })

  it('are made by many organizations at once, the first of each', async () => {
    const many = await Promise.all(Array.from({ length: 8 }, () => platform.organization('PRO')))
    const made = await Promise.all(
      many.map(each =>
        each.call('POST', '/api/v1/tables', { name: 'first', columns: [{ name: 'sku', type: 'text' }] }),
      ),
    )
    expect(made.map(({ status }) => status)).toEqual(many.map(() => 201))
  })

  it('refuse a wrong definition with every finding', async () => {
    const wrong = {
      name: 'Stock',
      columns: [
        { name: 'id', type: 'text' },
        { name: 'a', type: 'money' },
        { name: 'a', type: 'integer', default: 'x' },
      ],
    }
    const refused = await call('POST', '', wrong)
    expect([refused.status, refused.code]).toEqual([400, 'table_invalid'])
    const { details } = (refused.body as { error: { details: Array<{ path: string }> } }).error
    expect(details.map(({ path }) => path)).toEqual([
      '/name',
      '/columns/0/name',
      '/columns/1/type',
      '/columns/2/default',
      '/columns/2/name',
    ])
  })

  it('keep every value as it was given', async () => {
    const row = {
      ...{
        sku: 'exact',
        price: '0.10',
        big: '9007199254740993',
        ok: true,
        ref: '0b0e5f5c-1d0c-4b8a-9f65-5f1f1c1a2b3c',
      },
      ...{ seen: '2026-07-25T17:20:00.5Z', facts: { a: [1, null, '😀"'] }, quantity: -5 },
    }
    const made = await call('POST', '/stock/rows', row)
    expect(made.data).toMatchObject({ ...row, price: 0.1 })
    const found = await call(
      'GET',
      `/stock/rows?where=${encodeURIComponent('{"facts":{"eq":{"a":[1,null,"😀\\""]}}}')}`,
    )
    expect(found.data).toEqual([made.data])
  })

  it('refuse wrong rows with their place, and insert all or none', async () => {
    const rows = [{ sku: 'n1' }, { sku: 'n2', quantity: 'many' }]
    const wrong = await call('POST', '/stock/rows', rows)
    expect([wrong.status, wrong.body]).toMatchObject([
      400,
      { error: { code: 'validation_failed', details: [{ path: '/1/quantity' }] } },
    ])
    const twice = await call('POST', '/stock/rows', [{ sku: 'n1' }, { sku: 'n1' }])
    expect([twice.status, twice.code]).toEqual([422, 'constraint_violated'])
    expect((await call('POST', '/stock/rows', { quantity: 1 })).code).toBe('constraint_violated')
    for (const row of [
      { none: 1 },
      { id: 5, sku: 'q' },
      { sku: 'a\u0000' },
      { ref: 'x' },
      { big: '9223372036854775808' },
      { seen: 'now' },
      { ok: 1 },
    ])
      expect([row, (await call('POST', '/stock/rows', row)).code]).toEqual([row, 'validation_failed'])
    expect((await call('GET', `/stock/rows?where=${encodeURIComponent('{"sku":"n1"}')}`)).data).toEqual([])
    expect((await call('POST', '/stock/rows', [])).status).toBe(400)
    expect((await call('POST', '/nothing/rows', { a: 1 })).status).toBe(404)
  })

  it('are read in pages by any order, and a cursor fits its own list only', async () => {
    await call('POST', '', {
      name: 'pages',
      columns: [
        { name: 'n', type: 'integer' },
        { name: 't', type: 'text' },
      ],
    })
    const rows = Array.from({ length: 25 }, (_, n) => ({ n: n % 5 === 0 ? null : n % 7, t: 'long '.repeat(20) }))
    await call('POST', '/pages/rows', rows)
    for (const orderBy of ['n', '-n', 't', '-t', 'id', '-id']) {
      const seen: Array<{ id: number; n: number | null }> = []
      let cursor = ''
      do {
        const page = await call('GET', `/pages/rows?limit=4&orderBy=${orderBy}${cursor && `&cursor=${cursor}`}`)
        expect([orderBy, page.status]).toEqual([orderBy, 200])
        seen.push(...(page.data as unknown as typeof seen))
        cursor = (page.body as { meta: { nextCursor: string } }).meta.nextCursor ?? ''
      } while (cursor !== '')
      expect([orderBy, new Set(seen.map(({ id }) => id)).size, seen.length]).toEqual([orderBy, 25, 25])
      if (orderBy === 'n') expect(seen.slice(-5).map(({ n }) => n)).toEqual([null, null, null, null, null])
    }
    const page = await call('GET', '/pages/rows?limit=4')
    const { nextCursor } = (page.body as { meta: { nextCursor: string } }).meta
    for (const path of [
      `/stock/rows?cursor=${nextCursor}`,
      `/pages/rows?orderBy=n&cursor=${nextCursor}`,
      `/pages/rows?cursor=${nextCursor}x`,
    ])
      expect((await call('GET', path)).status).toBe(400)
    const sealed = writeCursor('table-rows', [listOfRows('pages', '{}', 'n'), orderedValue('many'), 'row:3'])
    const forged = await call('GET', `/pages/rows?orderBy=n&cursor=${sealed}`)
    expect([forged.code, forged.body]).toMatchObject([
      'validation_failed',
      { error: { details: [{ path: '/cursor' }] } },
    ])
    for (const query of [
      'where=x',
      'where=[]',
      `where=${encodeURIComponent('{"none":1}')}`,
      'orderBy=none',
      `where=${encodeURIComponent('{"n":{"near":1}}')}`,
    ])
      expect([query, (await call('GET', `/pages/rows?${query}`)).code]).toEqual([query, 'validation_failed'])
  })

  it('change by where: set, increment, min', async () => {
    await call('POST', '/stock/rows', [
      { sku: 'm1', quantity: 51 },
      { sku: 'm2', quantity: 2 },
    ])
    const change = (where: unknown, more: object) => call('PATCH', '/stock/rows', { where, ...more })
    const taken = await change({ sku: 'm1' }, { increment: { quantity: -1 }, min: 0, set: { place: 'hall' } })
    expect(taken.data).toMatchObject({ rowCount: 1, rows: [{ sku: 'm1', quantity: 50, place: 'hall' }] })
    const short = await change({ sku: { in: ['m1', 'm2'] } }, { increment: { quantity: -3 }, min: 0 })
    expect([short.status, short.code]).toEqual([422, 'stock_insufficient'])
    expect((await change({ sku: 'none' }, { increment: { quantity: -3 }, min: 0 })).data).toEqual({
      rowCount: 0,
      rows: [],
    })
    expect((await change({ sku: 'm1' }, { increment: { quantity: 2_147_483_647 } })).status).toBe(422)
    for (const [where, more] of [
      [{}, { set: { quantity: 1 } }],
      [{ sku: 'm1' }, {}],
      [{ sku: 'm1' }, { increment: { sku: 1 } }],
      [{ sku: 'm1' }, { min: 1, set: { quantity: 1 } }],
    ] as const)
      expect([more, (await change(where, more)).code]).toEqual([more, 'validation_failed'])
    const all = await Promise.all(
      Array.from({ length: 20 }, () => change({ sku: 'm1' }, { increment: { quantity: -3 }, min: 0 })),
    )
    expect(all.filter(({ status }) => status === 200)).toHaveLength(16)
    expect((await call('DELETE', '/stock/rows', { where: { sku: 'm1' } })).data).toEqual({ rowCount: 1 })
    expect((await call('DELETE', '/stock/rows', { where: {} })).code).toBe('validation_failed')
  })

  it('are read by SQL', async () => {
    const asked = await call('POST', '/query', {
      sql: 'select sku from stock where quantity = $1 order by sku',
      params: [2],
    })
    expect(asked.data).toEqual({ rows: [{ sku: 'm2' }], rowCount: 1, columns: ['sku'] })
    expect((await call('POST', '/query', { sql: 'delete from stock' })).code).toBe('sql_refused')
    const free = await platform.organization('FREE')
    expect((await free.call('POST', `${PATH}/query`, { sql: 'select 1' })).status).toBe(402)
  })

  it('belong to one organization and environment, and to keys that hold their scopes', async () => {
    expect((await other.call('GET', PATH)).data).toEqual([])
    for (const [method, path, body] of [
      ['GET', '/stock'],
      ['DELETE', '/stock'],
      ['GET', '/stock/rows'],
      ['POST', '/stock/rows', { sku: 'y' }],
      ['PATCH', '/stock/rows', { where: { sku: 'x' }, set: { quantity: 1 } }],
      ['DELETE', '/stock/rows', { where: { sku: 'x' } }],
      ['POST', '/stock/columns', { name: 'z', type: 'text' }],
    ] as const)
      expect([path, (await other.call(method, PATH + path, body)).status]).toEqual([path, 404])
    const keyWith = async (scopes: string[], environment = 'live') => {
      const { data } = await shop.call<{ apiKey: string }>('POST', '/api/v1/keys', { name: 'k', environment, scopes })
      return data.apiKey
    }
    const tests = await keyWith(['tables:manage'], 'test')
    expect((await platform.call(tests, 'GET', `${PATH}/stock`)).status).toBe(404)
    expect((await platform.call(tests, 'POST', PATH, { name: 'stock', columns: [] })).status).toBe(201)
    const reader = await keyWith(['tables:read'])
    expect((await platform.call(reader, 'GET', `${PATH}/stock/rows`)).status).toBe(200)
    expect((await platform.call(reader, 'POST', `${PATH}/stock/rows`, { sku: 'r' })).code).toBe('insufficient_scope')
    const writer = await keyWith(['tables:write'])
    expect((await platform.call(writer, 'POST', `${PATH}/stock/rows`, { sku: 'w' })).status).toBe(201)
    expect((await platform.call(writer, 'DELETE', `${PATH}/stock`)).code).toBe('insufficient_scope')
  })

  it('have the number that the plan allows, and are in the history of changes', async () => {
    const free = await platform.organization('FREE')
    for (const name of ['one', 'two']) expect((await free.call('POST', PATH, { name, columns: [] })).status).toBe(201)
    const third = await free.call('POST', PATH, { name: 'three', columns: [] })
    expect([third.status, third.code]).toEqual([402, 'table_quota_exceeded'])
    const usage = await until(
      async () => (await free.call<UsageSummary>('GET', '/api/v1/usage/summary')).data,
      ({ used }) => used.tables !== undefined,
    )
    expect([usage.limits.tables, usage.limits.table_bytes, usage.used.tables]).toEqual([2, 10_000_000, 2])
    expect(usage.used.table_bytes).toBeGreaterThan(0)
    expect(usage.warnings).toEqual([{ meter: 'tables', level: 100, used: 2, limit: 2 }])
    await until(
      async () => (await free.call<Array<{ type: string }>>('GET', '/api/v1/audit?limit=100')).data,
      rows => rows.filter(({ type }) => type === 'TABLE_CREATED').length === 2,
    )
  })

  it('are as docs/tables.md shows them', async () => {
    const reader = await platform.organization('PRO')
    const blocks = [...readFileSync(`${root}docs/tables.md`, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(
      ([, block]) => block!,
    )
    const lines = blocks.join('\n').replace(/^import .*$/m, '')
    const shown: string[] = []
    const run = new Function('createClient', 'baseUrl', 'apiKey', 'console', `return (async () => { ${lines} })()`)
    await run(createClient, platform.base, reader.apiKey, { log: (value: unknown) => shown.push(String(value)) })
    expect(shown).toEqual([...lines.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, said]) => said))
  })
})
