/** Tables of an organization as PostgreSQL's own catalog has them, and the statements that change them. */

import { readJson } from '../json/read-json.ts'
import { ClarionError } from '../model/codes.ts'
import { type ColumnType, isColumnType } from './language/column-types.ts'
import { COLUMNS_MAX, type Column, columnSql, isTableName, literal } from './language/columns.ts'
import type { ColumnTypes } from './language/where.ts'
import type { Session } from './store/session.ts'
import { quoted } from './store/tenants.ts'

export interface Table {
  name: string
  columns: Column[]
  createdAt: string
  /** Of the table and its indexes, on disk. */
  storedBytes: number
}

const TABLE = `
  select c.relname, coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '{}'), pg_catalog.pg_total_relation_size(c.oid)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relkind = 'r'`

const COLUMNS = `
  select c.relname, a.attname, pg_catalog.format_type(a.atttypid, -1), a.attnotnull,
    coalesce(pg_catalog.col_description(c.oid, a.attnum), 'null'),
    exists (select 1 from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relkind = 'r' and c.relname = any ($2::name[]) and a.attnum > 1 and not a.attisdropped
  order by a.attrelid, a.attnum`

/** In the order of their names. `after`: the name before the first one. */
export async function listTables(
  owner: Session,
  role: string,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<Table[]> {
  const found = await owner.run(`${TABLE} and c.relname > $2::text collate "C" order by c.relname limit $3::int`, [
    role,
    after ?? '',
    String(limit),
  ])
  return described(owner, role, found.rows as string[][])
}

/** Throws `not_found`. */
export async function readTable(owner: Session, role: string, name: string): Promise<Table> {
  const found = isTableName(name) ? await owner.run(`${TABLE} and c.relname = $2`, [role, name]) : { rows: [] }
  const [table] = await described(owner, role, found.rows as string[][])
  if (table === undefined) throw noTable(name)
  return table
}

export const noTable = (name: string): ClarionError =>
  new ClarionError('not_found', `There is no table '${name.slice(0, 63)}' in this environment.`)

async function described(owner: Session, role: string, found: string[][]): Promise<Table[]> {
  if (found.length === 0) return []
  const names = `{${found.map(([name]) => name).join(',')}}`
  const { rows } = await owner.run(COLUMNS, [role, names])
  return found.map(([name, comment, bytes]) => ({
    name: name!,
    columns: (rows as string[][]).filter(([table]) => table === name).map(columnOf),
    createdAt: String((readJson(comment!) as { createdAt?: string }).createdAt ?? ''),
    storedBytes: Number(bytes),
  }))
}

function columnOf([, name, type, required, comment, unique]: string[]): Column {
  return {
    name: name!,
    type: typeNamed(type!),
    nullable: required === 'f',
    default: readJson(comment!),
    unique: unique === 't',
  }
}

function typeNamed(name: string): ColumnType {
  const type = name === 'timestamp with time zone' ? 'timestamptz' : name
  return isColumnType(type) ? type : 'text'
}

const TYPES = `
  select a.attname, pg_catalog.format_type(a.atttypid, -1)
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relkind = 'r' and c.relname = $2 and a.attnum > 0 and not a.attisdropped`

/** Types of all columns, the `id` among them. Throws `not_found`. */
export async function readTypes(owner: Session, role: string, name: string): Promise<ColumnTypes> {
  const { rows } = await owner.run(TYPES, [role, name])
  if (rows.length === 0) throw noTable(name)
  return new Map(rows.map(([column, type]) => [column!, typeNamed(type!)]))
}

export async function countTables(owner: Session, role: string): Promise<number> {
  const { rows } = await owner.run(
    `select count(*) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind = 'r'`,
    [role],
  )
  return Number(rows[0]![0])
}

/** Bytes on disk of all tables of an organization's environment. */
export async function storedBytes(owner: Session, role: string): Promise<number> {
  const { rows } = await owner.run(
    `select coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0) from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'`,
    [role],
  )
  return Number(rows[0]![0])
}

export interface TableToMake {
  role: string
  name: string
  columns: readonly Column[]
  createdAt: string
  tablesMax: number
}

/** One at a time for each organization, so that none passes its limit. Throws `table_exists`, `table_quota_exceeded`. */
export function makeTable(owner: Session, { role, name, columns, createdAt, tablesMax }: TableToMake): Promise<void> {
  return changing(owner, role, async () => {
    if ((await countTables(owner, role)) >= tablesMax)
      throw new ClarionError('table_quota_exceeded', `The plan allows ${tablesMax} tables in an environment.`)
    const table = `${role}.${quoted(name)}`
    const parts = ['id bigint generated always as identity primary key', ...columns.map(columnSql)]
    await owner.run(`create table ${table} (${parts.join(', ')})`).catch(refuseTaken(`table '${name}'`))
    await owner.run(`grant select, insert, update, delete on ${table} to ${role}`)
    await owner.run(`comment on table ${table} is ${literal(JSON.stringify({ createdAt }))}`)
    for (const column of columns) await describe(owner, table, column)
  })
}

/** Throws `not_found`. */
export function dropTable(owner: Session, role: string, name: string): Promise<void> {
  return changing(owner, role, async () => {
    await owner.run(`drop table ${role}.${quoted(name)}`)
  })
}

/** Throws `table_exists`, `table_quota_exceeded`, `constraint_violated`. */
export function addColumn(owner: Session, role: string, table: Table, column: Column): Promise<void> {
  if (table.columns.length >= COLUMNS_MAX)
    throw new ClarionError('table_invalid', `A table has at most ${COLUMNS_MAX} columns.`)
  return changing(owner, role, async () => {
    const name = `${role}.${quoted(table.name)}`
    await owner.run(`alter table ${name} add column ${columnSql(column)}`).catch(refuseTaken(`column '${column.name}'`))
    await describe(owner, name, column)
  })
}

async function describe(owner: Session, table: string, { name, default: given }: Column): Promise<void> {
  if (given !== null) await owner.run(`comment on column ${table}.${quoted(name)} is ${literal(JSON.stringify(given))}`)
}

/** 42P07, 42701: a table or a column of the name exists. */
const refuseTaken = (what: string) => (error: { code?: string }) => {
  if (error.code === '42P07' || error.code === '42701')
    throw new ClarionError('table_exists', `There is a ${what} already.`)
  throw error
}

const LOCK_MS = 10_000

async function changing(owner: Session, role: string, work: () => Promise<void>): Promise<void> {
  await owner.run('begin')
  await owner.run(`set local lock_timeout = ${LOCK_MS}`)
  await owner.run('select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext($1))', [role])
  await work()
  await owner.run('commit')
}
