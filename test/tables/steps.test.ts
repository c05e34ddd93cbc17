/** Steps on tables take effect once under their id, whatever is repeated or killed. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { TableAction } from '../../src/tables/steps.ts'
import { systemPrograms, systemServer, testTables } from '../support/tables.ts'

const LIMITS = { tables: 10, tableBytes: 1_000_000_000 }
const owner = { organizationId: `org_${randomBytes(13).toString('hex')}`, environment: 'live' as const }
const id = () => `run_${randomBytes(8).toString('hex')}/step`

let store: ReturnType<typeof testTables>
beforeAll(async () => {
  store = testTables()
  const columns = [
    { name: 'sku', type: 'text', unique: true },
    { name: 'quantity', type: 'integer', default: 0 },
  ]
  await store.tables.create(owner, { name: 'stock', columns }, LIMITS)
  await store.tables.insert(owner, 'stock', [{ sku: 'a', quantity: 100 }], LIMITS, () => '')
}, 120_000)
afterAll(() => store?.close())

const run = (stepId: string, action: TableAction, more = {}) =>
  store.steps.run({ ...owner, stepId, action, timeoutMs: 5_000, tableBytesMax: 1e9, ...more })
const minus = (by: number, more = {}): TableAction => ({
  type: 'table_update',
  table: 'stock',
  change: { where: { sku: 'a' }, increment: { quantity: -by }, ...more },
})
const quantity = async () =>
  (await store.tables.query(owner, { sql: 'select quantity from stock', params: [], timeoutMs: 5_000 })).rows[0]!
    .quantity

/** A statement with this text is under way. */
async function underWay(text: string): Promise<void> {
  const busy = `select 1 from pg_catalog.pg_stat_activity where query like '%${text}%' and state = 'active' and pid <> pg_backend_pid()`
  const until = Date.now() + 10_000
  while (Date.now() < until) if ((await store.database.asOwner(session => session.run(busy))).rowCount > 0) return
}

describe('a step that changes rows', () => {
  it('happens once under its id, and gives the same answer again', async () => {
    const before = (await quantity()) as number
    const step = id()
    const first = await run(step, minus(3))
    const again = await run(step, minus(3))
    expect(first).toEqual({
      isRepeated: false,
      output: { row: { id: 1, sku: 'a', quantity: before - 3 }, rows: [expect.anything()], rowCount: 1 },
    })
    expect(again).toEqual({ ...first, isRepeated: true })
    expect(await quantity()).toBe(before - 3)
  })

  it('happens once when its attempts meet', async () => {
    const before = (await quantity()) as number
    const step = id()
    const answers = await Promise.all(Array.from({ length: 4 }, () => run(step, minus(1))))
    expect(answers.filter(({ isRepeated }) => !isRepeated)).toHaveLength(1)
    expect(new Set(answers.map(({ output }) => JSON.stringify(output))).size).toBe(1)
    expect(await quantity()).toBe(before - 1)
  })

  it('leaves nothing behind when it fails, and may succeed later under its id', async () => {
    const before = (await quantity()) as number
    const step = id()
    await expect(run(step, minus(1_000, { min: 0 }))).rejects.toMatchObject({ code: 'stock_insufficient' })
    expect(await quantity()).toBe(before)
    expect((await run(step, minus(1, { min: 0 }))).isRepeated).toBe(false)
  })

  it('changes nothing when it is to be undone', async () => {
    const before = await quantity()
    const step = id()
    const shown = await run(step, minus(5), { undo: true })
    expect(shown.output.rowCount).toBe(1)
    expect(await quantity()).toBe(before)
  })

  it('is the same for inserts, deletes and SQL', async () => {
    const [put, sql, gone] = [id(), id(), id()]
    for (const isRepeated of [false, true]) {
      const made = await run(put, { type: 'table_insert', table: 'stock', values: [{ sku: 'b' }, { sku: 'c' }] })
      expect([made.isRepeated, made.output.rowCount]).toEqual([isRepeated, 2])
    }
    for (const isRepeated of [false, true]) {
      const text = "update stock set quantity = quantity + $1::int where sku <> 'a' returning quantity"
      const made = await run(sql, { type: 'sql_query', mode: 'write', sql: text, params: [4] })
      expect(made).toEqual({
        isRepeated,
        output: { rows: [{ quantity: 4 }, { quantity: 4 }], rowCount: 2, first: { quantity: 4 } },
      })
    }
    for (const isRepeated of [false, true]) {
      const made = await run(gone, { type: 'table_delete', table: 'stock', where: { sku: { in: ['b', 'c'] } } })
      expect([made.isRepeated, made.output.rowCount]).toEqual([isRepeated, 2])
    }
  })

  it('refuses SQL that would leave its transaction, in write mode too', async () => {
    for (const sql of ['commit', 'savepoint x', 'prepare transaction $$x$$', 'set constraints all deferred'])
      await expect(run(id(), { type: 'sql_query', mode: 'write', sql, params: [] })).rejects.toMatchObject({
        code: 'sql_refused',
      })
  })

  it('is not refused while other processes reach the server', async () => {
    let isOver = false
    const work = async () => {
      while (!isOver) expect((await run(id(), minus(0))).isRepeated).toBe(false)
    }
    const reach = async () => {
      for (let n = 0; n < 12; n++) {
        const other = testTables()
        await other.tables.list(owner, { limit: 1 } as never)
        await other.close()
      }
      isOver = true
    }
    await Promise.all([work(), work(), reach()])
  })

  it('is ended by its signal', async () => {
    const ending = new AbortController()
    const endless = 'select count(*) from generate_series(1, 1e12::bigint)'
    const step = run(id(), { type: 'sql_query', mode: 'read', sql: endless, params: [] }, { signal: ending.signal })
    const ended = expect(step).rejects.toMatchObject({ code: 'sql_timeout' })
    await underWay('1e12')
    ending.abort()
    await ended
  })

  it('that ends before its cancel arrives leaves the next statement of the connection alone', async () => {
    const { cancel } = store.database
    const arrival = Promise.withResolvers<void>()
    const cancels: Array<Promise<void>> = []
    store.database.cancel = session => {
      const late = arrival.promise.then(() => cancel(session))
      cancels.push(late)
      return late
    }
    const counting = (to: string): TableAction => {
      const sql = `select count(*) as n from generate_series(1, ${to})`
      return { type: 'sql_query', mode: 'read', sql, params: [] }
    }
    try {
      const ending = new AbortController()
      const first = run(id(), counting('4000001'), { signal: ending.signal })
      await underWay('4000001')
      ending.abort()
      expect((await first).output.first).toEqual({ n: 4000001 })
      const next = run(id(), counting('4000002'))
      await underWay('4000002')
      arrival.resolve()
      await Promise.all(cancels)
      expect(cancels).toHaveLength(1)
      expect((await next).output.first).toEqual({ n: 4000002 })
    } finally {
      store.database.cancel = cancel
    }
  })

  it('reads without using up its id', async () => {
    const step = id()
    const action: TableAction = { type: 'table_get', table: 'stock', where: { sku: 'a' } }
    expect((await run(step, action)).output.rowCount).toBe(1)
    expect((await run(step, action)).isRepeated).toBe(false)
  })
})

const maybe = systemPrograms() === undefined ? it.skip : it
maybe(
  'a server that is killed in the middle loses and doubles nothing',
  async () => {
    const server = await systemServer()
    const other = testTables(async () => server)
    await other.tables.create(owner, { name: 'stock', columns: [{ name: 'n', type: 'integer' }] }, LIMITS)
    await other.tables.insert(owner, 'stock', [{ n: 0 }], LIMITS, () => '')
    const action: TableAction = {
      type: 'table_update',
      table: 'stock',
      change: { where: { id: 1 }, increment: { n: 1 } },
    }
    const steps = Array.from({ length: 60 }, id)
    let killed = 0
    const work = steps.map(async stepId => {
      for (;;) {
        const done = await other.steps
          .run({ ...owner, stepId, action, timeoutMs: 5_000, tableBytesMax: 1e9 })
          .catch(error => error)
        if (!(done instanceof Error)) return done
        expect((done as { code?: string }).code).toBe('tables_unavailable')
      }
    })
    // A killed backend makes the server end all others, and start again.
    while (killed < 3) {
      const session = await other.database.asOwner(async owned => owned.pid)
      process.kill(session, 'SIGKILL')
      killed++
    }
    await Promise.all(work)
    const { rows } = await other.tables.select(owner, 'stock', { where: {}, orderBy: undefined, limit: 1 })
    expect(rows).toEqual([{ id: 1, n: 60 }])
    await other.close()
  },
  120_000,
)
