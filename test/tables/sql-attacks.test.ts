/** SQL of an organization that wants more than its rows: against the embedded PostgreSQL, and one of the system's. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openSession, type Session } from '../../src/tables/store/session.ts'
import { passwordOf, roleOf } from '../../src/tables/store/tenants.ts'
import { embeddedServer, systemPrograms, systemServer, testTables } from '../support/tables.ts'

const LIMITS = { tables: 10, tableBytes: 1_000_000_000 }
const owner = () => ({ organizationId: `org_${randomBytes(13).toString('hex')}`, environment: 'live' as const })

const servers = [
  { server: 'the embedded PostgreSQL', connect: embeddedServer },
  ...(systemPrograms() === undefined ? [] : [{ server: "the system's PostgreSQL", connect: systemServer }]),
]

describe.each(servers)('on $server', ({ connect }) => {
  const login = connect
  let running: Promise<Awaited<ReturnType<typeof login>>>
  let store: ReturnType<typeof testTables>
  const attacker = owner()
  const neighbour = owner()
  beforeAll(async () => {
    running = login()
    store = testTables(() => running)
    for (const each of [attacker, neighbour]) {
      const columns = [
        { name: 'sku', type: 'text', unique: true },
        { name: 'quantity', type: 'integer', default: 0 },
      ]
      await store.tables.create(each, { name: 'stock', columns }, LIMITS)
      await store.tables.insert(each, 'stock', [{ sku: 'a', quantity: 5 }], LIMITS, () => '')
    }
  }, 120_000)
  afterAll(() => store?.close())

  const query = (sql: string, params: unknown[] = [], timeoutMs = 5_000) =>
    store.tables.query(attacker, { sql, params, timeoutMs })
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'passed',
      error => error.code ?? String(error),
    )

  it('answers what a statement may ask', async () => {
    expect(await query('select sku, quantity from stock where sku = $1', ['a'])).toEqual({
      rows: [{ sku: 'a', quantity: 5 }],
      rowCount: 1,
      columns: ['sku', 'quantity'],
    })
    const more = await query(
      `with t as (select quantity q from stock) select sum(q)::int as s, now() > '2000-01-01' as later,
        to_char(now(), 'YYYY') ~ '^2' as year, jsonb_build_object('a', 9007199254740993) as j, 1.10::numeric as n,
        9007199254740993 as big, upper('x') || concat('y', 1) as t, count(*) filter (where q > 1)::int as c from t`,
    )
    expect(JSON.stringify(more.rows[0])).toBe(
      '{"s":5,"later":true,"year":true,"j":{"a":9007199254740993},"n":1.1,"big":"9007199254740993","t":"Xy1","c":1}',
    )
  })

  it.each([
    ['select pg_sleep(60)', 'sql_refused'],
    ['commit', 'sql_refused'],
    ['/* x */ commit', 'sql_refused'],
    ['-- x\ncommit', 'sql_refused'],
    ['/* /* */ select */ rollback', 'sql_refused'],
    ['set role platform', 'sql_refused'],
    ['reset role', 'sql_refused'],
    ['do $$ begin perform 1; end $$', 'sql_refused'],
    ['copy stock to stdout', 'sql_refused'],
    ["copy stock to program 'id'", 'sql_refused'],
    ['call x()', 'sql_refused'],
    ['explain select 1', 'sql_refused'],
    ['lock table stock', 'sql_refused'],
    ['create table x ()', 'sql_refused'],
    ['listen x', 'sql_refused'],
    ['', 'sql_refused'],
    [';', 'sql_refused'],
    ["'select", 'sql_refused'],
    ['/* select', 'sql_refused'],
    ['$a$ select', 'sql_refused'],
    ['select 1; select 2', 'sql_failed'],
    ['select 1; commit; insert into stock (sku) values ($$z$$)', 'sql_failed'],
    ["insert into stock (sku) values ('z')", 'sql_refused'],
    ["with x as (insert into stock (sku) values ('z') returning *) select * from x", 'sql_refused'],
    ['select * from stock for update', 'sql_refused'],
    ['select * into x from stock', 'sql_refused'],
    ['select * into temp x from stock', 'sql_refused'],
    ['select * from pg_class', 'sql_refused'],
    ['select * from "pg_class"', 'sql_refused'],
    ['table pg_catalog.pg_roles', 'sql_refused'],
    ['select * from U&"pg\\005fclass"', 'sql_refused'],
    ['select * from information_schema.tables', 'sql_refused'],
    ['select * from clarion.steps', 'sql_refused'],
    ["select clarion.begin_step('x')", 'sql_refused'],
    ['select 16400::regclass::text', 'sql_refused'],
    ["select '{16400}'::_regrole::text", 'sql_refused'],
    ['select (jsonb_populate_record(null::pg_catalog.pg_sequences, $1)).data_type', 'sql_refused'],
    ["select set_config('role', 'none', false)", 'sql_refused'],
    ["select set_config('transaction_read_only', 'off', true)", 'sql_refused'],
    ["select current_setting('data_directory')", 'sql_refused'],
    ["select query_to_xml('select 1', true, true, '')", 'sql_refused'],
    ["select table_to_xml('stock', true, true, '')", 'sql_refused'],
    ["select ts_stat('select 1')", 'sql_refused'],
    ["select lo_from_bytea(0, 'x')", 'sql_refused'],
    ['select makeaclitem(10, 10, $$SELECT$$, false)', 'sql_refused'],
    ["select nextval('stock_id_seq')", 'sql_refused'],
    ['select version()', 'sql_refused'],
    ['select inet_server_port()', 'sql_refused'],
    ["select has_table_privilege('stock', 'select')", 'sql_refused'],
    ['select nothing from stock', 'sql_failed'],
    ['select 1/0', 'sql_failed'],
    ["select 'a'::int", 'sql_failed'],
  ])('refuses %j with %s', async (sql, code) => {
    const params = sql.includes('$1') ? ['{"data_type": 16400}'] : []
    expect([sql, await codeOf(query(sql, params))]).toEqual([sql, code])
  })

  it('hides what has the same words inside strings and comments', async () => {
    const found = await query(
      `select $a$commit; pg_class$a$ as a, 'it''s -- pg_x' as b, E'\\'pg_y' as c /* pg_class */`,
    )
    expect(found.rows).toEqual([{ a: 'commit; pg_class', b: "it's -- pg_x", c: "'pg_y" }])
  })

  it("reads no row of a neighbour's", async () => {
    expect(await codeOf(query(`select * from ${roleOf(neighbour)}.stock`))).toBe('sql_refused')
    const none = owner()
    expect(await codeOf(query(`select * from ${roleOf(none)}.stock`))).toMatch(/sql_(refused|failed)/)
  })

  it('ends what takes too long, returns too much or needs too much memory', async () => {
    const endless = 'select count(*) from generate_series(1, 1e12::bigint)'
    expect(await codeOf(query(endless, [], 300))).toBe('sql_timeout')
    expect(await codeOf(query("select repeat('x', 1000), generate_series(1, 10000000)"))).toBe('sql_result_too_large')
    expect(await codeOf(query('select generate_series(1, 1001)'))).toBe('sql_result_too_large')
    expect(await codeOf(query("select length(repeat('x', 600000000) || repeat('y', 600000000))"))).toMatch(/^sql_/)
    expect(await codeOf(query('select sku from stock'))).toBe('passed')
  }, 60_000)

  it('does not wait for a row for ever', async () => {
    const { organizationId, environment } = attacker
    const session = await openSession({
      ...(await running),
      user: roleOf(attacker),
      password: passwordOf('the secret of the tests', roleOf(attacker)),
    })
    await session.run('begin')
    await session.run("update stock set quantity = 7 where sku = 'a'")
    const step = store.steps.run({
      ...{
        organizationId,
        environment,
        stepId: `wait-${randomBytes(4).toString('hex')}`,
        tableBytesMax: 1e9,
        timeoutMs: 300,
      },
      action: { type: 'table_update', table: 'stock', change: { where: { sku: 'a' }, increment: { quantity: 1 } } },
    })
    expect(await codeOf(step)).toBe('sql_timeout')
    await session.run('rollback')
    await session.close()
  })

  it('leaves a connection as clean as it was', async () => {
    const before = await query('select current_user as u')
    expect(before.rows).toEqual([{ u: roleOf(attacker) }])
    for (let time = 0; time < 10; time++) {
      await codeOf(query('select 1/0'))
      await codeOf(query('with x as (delete from stock returning 1) select * from x'))
    }
    expect((await query('select count(*)::int as n from stock')).rows).toEqual([{ n: 1 }])
    expect(store.database.sessions.open).toBeLessThan(12)
  })

  it('refuses a login that is not the one of its organization', async () => {
    const wrong = { ...(await running), user: roleOf(neighbour), password: passwordOf('another', roleOf(neighbour)) }
    await expect(openSession(wrong)).rejects.toThrow(/password/)
  })

  it('grants the tenant nothing but rows', async () => {
    let session: Session | undefined
    try {
      session = await openSession({
        ...(await running),
        user: roleOf(attacker),
        password: passwordOf('the secret of the tests', roleOf(attacker)),
      })
      for (const sql of [
        'create table x (a int)',
        'create temp table x (a int)',
        'drop table stock',
        'truncate stock',
        'alter table stock add x int',
        `set role ${roleOf(neighbour)}`,
        'create role x',
        'create function f() returns int language sql as $$ select 1 $$',
        "copy stock to '/tmp/x'",
        'select * from pg_authid',
        'select * from clarion.steps',
        'update stock set id = 5',
      ])
        expect([
          sql,
          await session.run(sql).then(
            () => 'passed',
            () => 'refused',
          ),
        ]).toEqual([sql, 'refused'])
    } finally {
      await session?.close()
    }
  })
})
