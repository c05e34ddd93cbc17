/** The four actions on the tables of an organization. */
import { type FieldSchema, fields, IDENTIFIER, integer, literal, number, object, spec } from '../action-spec.ts'

const table = literal('The name of the table', { pattern: IDENTIFIER })
const columns = { propertyNames: { pattern: IDENTIFIER } }
const where = (more: FieldSchema = {}): FieldSchema =>
  object('All must hold: `{ column: value }`, or `{ column: { "gte": 5 } }`', {
    ...columns,
    maxProperties: 20,
    ...more,
  })
const NEVER_EMPTY = { minProperties: 1 }
const column: FieldSchema = { type: 'string', pattern: '^-?[a-z][a-z0-9_]{0,62}$' }

const output = { row: { id: 1 }, rows: [{ id: 1 }], rowCount: 1 }
const common = { output, timeoutCode: 'sql_timeout' }

export const tableInsert = spec({
  ...common,
  type: 'table_insert',
  summary: 'Inserts a row, or up to 100, all or none.',
  effect: 'keyed',
  schema: fields(
    {
      table,
      values: {
        type: ['object', 'array'],
        description: 'A row, or a list of rows',
        'x-template': 'value',
        ...columns,
        minItems: 1,
        maxItems: 100,
        items: { type: 'object', ...columns },
      },
    },
    ['table', 'values'],
  ),
  scopes: () => ['tables:write'],
})

export const tableUpdate = spec({
  ...common,
  type: 'table_update',
  summary: 'Changes the rows that match. An increment is atomic, and `min` bounds it from below.',
  effect: 'keyed',
  schema: fields(
    {
      table,
      where: where(NEVER_EMPTY),
      set: object('`{ column: value }`', { ...columns, ...NEVER_EMPTY }),
      increment: {
        type: 'object',
        description: '`{ column: number }`, added to what is there',
        ...columns,
        ...NEVER_EMPTY,
        maxProperties: 20,
        'x-template': 'value',
        additionalProperties: { type: 'number' },
      },
      min: number('No incremented column of a matching row may fall below it (stock_insufficient)'),
    },
    ['table', 'where'],
    { anyOf: [{ required: ['set'] }, { required: ['increment'] }] },
  ),
  scopes: () => ['tables:write'],
})

export const tableGet = spec({
  ...common,
  type: 'table_get',
  summary: 'Reads the rows that match.',
  effect: 'reading',
  schema: fields(
    {
      table,
      where: where(),
      orderBy: {
        type: ['string', 'array'],
        description: 'A column or several; `-column` descends',
        pattern: column.pattern,
        minItems: 1,
        maxItems: 5,
        items: column,
      },
      limit: integer('100 unless set', 1, 1_000),
    },
    ['table'],
  ),
  scopes: () => ['tables:read'],
})

export const tableDelete = spec({
  ...common,
  type: 'table_delete',
  summary: 'Deletes the rows that match.',
  effect: 'keyed',
  schema: fields({ table, where: where(NEVER_EMPTY) }, ['table', 'where']),
  scopes: () => ['tables:write'],
})
