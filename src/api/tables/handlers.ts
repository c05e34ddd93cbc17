/** Tables of the key's environment. See docs/specification/tables.md. */
import { hash } from 'node:crypto'
import type { Announcement, Caller } from '../../control-plane/store/announce.ts'
import { parseJson } from '../../json/json.ts'
import { ClarionError } from '../../model/codes.ts'
import { orderedValue, readCursor, valueOfOrdered, writeCursor } from '../../model/cursors.ts'
import { planOf } from '../../model/plans.ts'
import type { NewColumn, NewTable } from '../../tables/language/columns.ts'
import type { Change, Row, RowPlace } from '../../tables/row-statements.ts'
import type { Tables } from '../../tables/tables.ts'
import { organizationOf, ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'

const QUERY_MS = 10_000
const WHERE_LIMITS = { depthMax: 64, duplicateKeys: 'refuse' } as const

export function createTableHandlers({
  tables,
  recordChange,
}: {
  tables: Tables
  /** Into the history of changes. */
  recordChange(caller: Caller, change: Announcement): Promise<void>
}) {
  const name = (call: Call) => call.params.name!
  const limitsOf = (call: Call) => planOf(organizationOf(call).plan)
  const changed = (call: Call, type: 'TABLE_CREATED' | 'TABLE_CHANGED' | 'TABLE_DELETED', table: string) => {
    const { organizationId, environment } = ownerOf(call)
    return recordChange(call.caller, {
      organizationId,
      type,
      entityType: 'table',
      entityId: table,
      data: { environment },
    })
  }

  return {
    async create(call: Call): Promise<Answer> {
      const table = await tables.create(ownerOf(call), call.body as NewTable, limitsOf(call))
      await changed(call, 'TABLE_CREATED', table.name)
      return { data: table }
    },
    async list(call: Call): Promise<Answer> {
      const { limit, cursor } = pagingOf(call.query)
      const after = readCursor('tables', cursor)?.[0].slice('name:'.length)
      const found = await tables.list(ownerOf(call), { limit: limit + 1, after })
      const shown = found.slice(0, limit)
      return {
        data: shown,
        nextCursor: found.length > limit ? writeCursor('tables', [`name:${shown.at(-1)!.name}`]) : null,
      }
    },
    get: async (call: Call): Promise<Answer> => ({ data: await tables.get(ownerOf(call), name(call)) }),
    async delete(call: Call): Promise<Answer> {
      await tables.delete(ownerOf(call), name(call))
      await changed(call, 'TABLE_DELETED', name(call))
      return { data: { name: name(call), deleted: true } }
    },
    async addColumn(call: Call): Promise<Answer> {
      const table = await tables.addColumn(ownerOf(call), name(call), call.body as NewColumn)
      await changed(call, 'TABLE_CHANGED', table.name)
      return { data: table }
    },
    async rows(call: Call): Promise<Answer> {
      const { limit, cursor } = pagingOf(call.query)
      const { where = '{}', orderBy } = call.query as { where?: string; orderBy?: string }
      const list = listOfRows(name(call), where, orderBy)
      const after = placeOf(list, cursor)
      const selection = { where: parsedWhere(where), orderBy, limit, after }
      const { rows, next } = await tables.select(ownerOf(call), name(call), selection)
      return { data: rows, nextCursor: next === undefined ? null : writeCursor('table-rows', cursorOf(list, next)) }
    },
    async insert(call: Call): Promise<Answer> {
      const given = call.body as Row | Row[]
      const isList = Array.isArray(given)
      const rows = isList ? given : [given]
      const path = (at: number) => (isList ? `/${at}` : '')
      const made = await tables.insert(ownerOf(call), name(call), rows, limitsOf(call), path)
      return { data: isList ? made : made[0] }
    },
    async update(call: Call): Promise<Answer> {
      return { data: await tables.update(ownerOf(call), name(call), call.body as Change, limitsOf(call)) }
    },
    async remove(call: Call): Promise<Answer> {
      return { data: await tables.remove(ownerOf(call), name(call), (call.body as { where: unknown }).where) }
    },
    async query(call: Call): Promise<Answer> {
      const { sql, params = [] } = call.body as { sql: string; params?: unknown[] }
      return { data: await tables.query(ownerOf(call), { sql, params, timeoutMs: QUERY_MS }) }
    },
  }
}

function parsedWhere(text: string): unknown {
  const parsed = parseJson(Buffer.from(text), WHERE_LIMITS)
  if (parsed.ok) return parsed.exact
  const [fault] = parsed.findings
  const details = [{ path: '/where', rule: fault!.rule, message: fault!.message }]
  throw new ClarionError('validation_failed', `The parameter 'where' is not JSON: ${fault!.message}.`, { details })
}

/** Fingerprint of a list: a cursor goes on in the list that it is of, and in no other. */
export const listOfRows = (...facts: Array<string | undefined>): string =>
  `rows:${hash('sha256', JSON.stringify(facts), 'buffer').toString('base64url').slice(0, 16)}`

const cursorOf = (list: string, { value, id }: RowPlace): [string, string, string] => [
  list,
  orderedValue(value),
  `row:${id}`,
]

function placeOf(list: string, cursor: string | undefined): RowPlace | undefined {
  const place = readCursor('table-rows', cursor)
  if (place === undefined) return undefined
  const [of, value, id] = place
  if (of === list) return { value: valueOfOrdered(value), id: id.slice('row:'.length) }
  const message = 'is of another list: repeat where and orderBy as they were on its first page'
  throw new ClarionError('validation_failed', `The cursor ${message}.`, {
    details: [{ path: '/cursor', rule: 'cursor', message }],
  })
}
