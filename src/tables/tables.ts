/** Tables of organizations: definitions, rows, and their own SQL. See docs/tables.md. */
import type { Clock } from '../clock.ts'
import type { Owner } from '../model/environments.ts'
import {
  addColumn,
  dropTable,
  listTables,
  makeTable,
  noTable,
  readTable,
  readTypes,
  storedBytes,
  type Table,
} from './definitions.ts'
import { checkColumn, checkTable, isTableName, type NewColumn, type NewTable } from './language/columns.ts'
import { checkQuery, type Queried, type Query, readQuery } from './query.ts'
import { type Change, orderOf, type Row, type RowPlace } from './row-statements.ts'
import { type Changed, deleteRows, insertRows, type Selected, selectRows, type Target, updateRows } from './rows.ts'
import type { Database } from './store/database.ts'
import { codedFailure, isConflict } from './store/failures.ts'
import { roleOf } from './store/tenants.ts'
import { createRoom, type Room } from './stored-bytes.ts'
import { createTableUse, type TableUse } from './use.ts'

/** Limits of a plan. */
export interface TableLimits {
  tables: number
  tableBytes: number
}

export interface Selection {
  where: unknown
  /** `column` or `-column`; newest first by default. */
  orderBy: string | undefined
  limit: number
  after?: RowPlace | undefined
}

export interface Tables {
  /** By name; `after`: the last name of the page before. */
  list(owner: Owner, page: { limit: number; after: string | undefined }): Promise<Table[]>
  create(owner: Owner, table: NewTable, limits: TableLimits): Promise<Table>
  get(owner: Owner, name: string): Promise<Table>
  delete(owner: Owner, name: string): Promise<void>
  addColumn(owner: Owner, name: string, column: NewColumn): Promise<Table>
  /** `path`: the place of the n-th row in the request. */
  insert(
    owner: Owner,
    name: string,
    rows: readonly Row[],
    limits: TableLimits,
    path: (at: number) => string,
  ): Promise<Row[]>
  select(owner: Owner, name: string, selection: Selection): Promise<Selected>
  update(owner: Owner, name: string, change: Change, limits: TableLimits): Promise<Changed>
  remove(owner: Owner, name: string, where: unknown): Promise<{ rowCount: number }>
  query(owner: Owner, query: Query): Promise<Queried>
  /** Undefined: not known now. */
  use(owner: Owner): Promise<TableUse | undefined>
}

/** Calls for steps of workflows alone. */
export interface TableParts {
  database: Database
  room: Room
  /** The session with the table's columns. Throws `not_found`. */
  onTable<T>(owner: Owner, name: string, work: (target: Target) => Promise<T>): Promise<T>
}

const CONFLICT_TRIES = 3

export function createTableParts({ database, clock }: { database: Database; clock: Clock }): TableParts {
  const room = createRoom({
    measure: role => database.again(() => database.asOwner(session => storedBytes(session, role))),
    clock,
  })
  return {
    database,
    room,
    async onTable(owner, name, work) {
      if (!isTableName(name) || !(await database.has(owner))) throw noTable(name)
      const types = await database.again(() => database.asOwner(session => readTypes(session, roleOf(owner), name)))
      return database.asTenant(owner, session => work({ session, table: name, types }))
    },
  }
}

export function createTables({ database, room, onTable }: TableParts, clock: Clock): Tables {
  const onRows = <T>(owner: Owner, name: string, work: (target: Target) => Promise<T>): Promise<T> =>
    repeated(() => onTable(owner, name, work))
  const get = (owner: Owner, name: string): Promise<Table> =>
    coded(async () => {
      if (!(await database.has(owner))) throw noTable(name)
      return database.again(() => database.asOwner(session => readTable(session, roleOf(owner), name)))
    })

  return {
    get,
    list: (owner, page) =>
      coded(async () =>
        (await database.has(owner))
          ? database.again(() => database.asOwner(session => listTables(session, roleOf(owner), page)))
          : [],
      ),
    create: (owner, table, limits) =>
      coded(async () => {
        const columns = checkTable(table)
        await database.create(owner)
        const role = roleOf(owner)
        const createdAt = new Date(clock.nowMs()).toISOString()
        const made = { role, name: table.name, columns, createdAt, tablesMax: limits.tables }
        await database.asOwner(session => makeTable(session, made))
        return database.asOwner(session => readTable(session, role, table.name))
      }),
    delete: (owner, name) =>
      coded(async () => {
        await get(owner, name)
        await database.asOwner(session => dropTable(session, roleOf(owner), name))
      }),
    addColumn: (owner, name, given) =>
      coded(async () => {
        const table = await get(owner, name)
        const column = checkColumn(given)
        await database.asOwner(session => addColumn(session, roleOf(owner), table, column))
        return get(owner, name)
      }),
    insert: (owner, name, rows, { tableBytes }, path) =>
      onRows(owner, name, async target => {
        await room.check(roleOf(owner), JSON.stringify(rows).length, tableBytes)
        return insertRows(target, rows, path)
      }),
    select: (owner, name, { where, orderBy, limit, after }) =>
      coded(() =>
        database.again(() =>
          onTable(owner, name, target =>
            selectRows(target, { where, order: orderOf(target.types, orderBy), limit, after }),
          ),
        ),
      ),
    update: (owner, name, change, { tableBytes }) =>
      onRows(owner, name, async target => {
        await room.check(roleOf(owner), JSON.stringify(change).length, tableBytes)
        return updateRows(target, change)
      }),
    remove: (owner, name, where) => onRows(owner, name, target => deleteRows(target, where)),
    query: (owner, query) =>
      coded(async () => {
        checkQuery(query)
        await database.allowSql()
        return database.again(() => database.asTenant(owner, session => readQuery(session, query)))
      }),
    use: createTableUse({ database, clock }),
  }
}

export async function coded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw codedFailure(error)
  }
}

/** Again when two transactions met and this one was ended: nothing of it has happened. */
function repeated<T>(work: () => Promise<T>): Promise<T> {
  return coded(async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (!isConflict(error) || attempt === CONFLICT_TRIES) throw error
      }
    }
  })
}
