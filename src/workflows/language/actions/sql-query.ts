import { choice, fields, literal, literalInteger, spec } from '../action-spec.ts'

/** The store of tables that every organization has. */
export const BUILT_IN_CONNECTION = 'tables'

export const isForeign = (connection: string | undefined): boolean =>
  connection !== undefined && connection !== BUILT_IN_CONNECTION

export const sqlQuery = spec({
  type: 'sql_query',
  summary: 'Runs one SQL statement; templates are bound parameters.',
  effect: 'keyed',
  effectOf: ({ mode = 'read', connection }) =>
    mode === 'read' ? 'reading' : isForeign(connection) ? 'outward' : 'keyed',
  schema: fields(
    {
      connection: literal('`tables` (the built-in store) unless it names a registered PostgreSQL', { maxLength: 100 }),
      sql: literal('One SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE', {
        maxLength: 20_000,
        'x-template': 'sql',
      }),
      mode: choice('`read` (a read-only transaction) unless set', ['read', 'write']),
      timeoutMs: literalInteger("The statement's time; the step's unless set", 1, 300_000),
      maxRows: literalInteger('More rows fail the step (sql_result_too_large); 1,000 unless set', 1, 1_000),
    },
    ['sql'],
  ),
  output: { rows: [{ quantity: 51 }], rowCount: 1, first: { quantity: 51 } },
  scopes: ({ mode = 'read' }) => (mode === 'read' ? ['tables:read'] : ['tables:read', 'tables:write']),
  timeoutCode: 'sql_timeout',
})
