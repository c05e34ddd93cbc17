import { expect, it } from '@jest/globals'
import { insertsOf } from '../../../processors/record/blocks.ts'
import { auditEmits } from '../../../topics/audit-emits.ts'

it('a block writes payloads before emits, whatever its rows begin with, so that no reader sees an emit without its payload', () => {
  const row = (table: string, partition: string) => ({
    ...{
      table,
      partition,
      format: 'JSONEachRow' as const,
      header: Buffer.from('{}'),
      rows: 1,
      bytes: Buffer.from(table),
      traced: [],
    },
  })
  const rows = [
    row('emits', '202611'),
    row('emits', '202611'),
    row('payloads', '20261120'),
    row('payloads', '20261121'),
    row('emits', '202612'),
  ]
  const inserts = insertsOf({ topic: auditEmits.name, partition: 3, first: 10, last: 19, rows })
  expect(
    inserts.map(insert => [insert.table, insert.token.split('/').at(-1), insert.rows, insert.body.join('')]),
  ).toEqual([
    ['payloads', '20261120', 1, '{}payloads'],
    ['payloads', '20261121', 1, '{}payloads'],
    ['emits', '202611', 2, '{}emitsemits'],
    ['emits', '202612', 1, '{}emits'],
  ])
})
