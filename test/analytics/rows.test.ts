/** Rows on their way into ClickHouse: it reads exactly the values of the record, for all values that a record may have. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { insertsOf } from '../../processors/record/blocks.ts'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { attemptRows, changeRows, emitRows, relayRows } from '../../src/analytics/write/rows.ts'
import type { RowBytes } from '../../src/analytics/write/table-rows.ts'
import { auditAttemptsCodec } from '../../topics/audit-attempts.ts'
import { auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
import { auditEmitsCodec } from '../../topics/audit-emits.ts'
import { auditRelaysCodec } from '../../topics/audit-relays.ts'
import { avroCodec } from '../../topics/avro.ts'
import { aRelay, attempts, changes, PARENT, relays, verdicts } from './arbitrary-rows.ts'
import { attempt, change, completion, LAST_OF_PREVIOUS_MONTH, matched, NOON, verdict } from './audit-rows.ts'
import { migratedDatabase } from './database.ts'

const never = new AbortController().signal

let client: AnalyticsClient
beforeAll(async () => {
  client = await migratedDatabase()
})
afterAll(() => client?.close())

let blocks = 0
async function insert(rows: RowBytes[]): Promise<void> {
  const first = blocks++
  for (const each of insertsOf({ topic: 'rows', partition: 0, first, last: first, rows }))
    await client.insert(each, never)
}

const iso = (ms: number) => new Date(ms).toISOString()
const TIMES = [
  'time',
  'recordedAt',
  'judgedAt',
  'completedAt',
  'startedAt',
  'nextAttemptAt',
  'createdAt',
  'occurredAt',
  'queuedAt',
  'at',
]
/** A row as a query answers it: times as ISO 8601, in fields without `Ms`. */
function asAnswered(row: object, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const answered = Object.entries(row).map(([field, value]) => {
    const name = field.replace(/Ms$/, '')
    return TIMES.includes(name) ? [name, value === null ? null : iso(value)] : [field, value]
  })
  return { ...Object.fromEntries(answered), ...extra }
}

const RUNS = { numRuns: 4 }

describe('a row in ClickHouse has the values of the record', () => {
  it('of emits and their payloads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(verdicts, { minLength: 1, maxLength: 40 }), async all => {
        const organizationId = `org_emits_${blocks}`
        const rows = all.map((changes, n) => verdict(n, { organizationId, ...changes }))
        await insert(emitRows(auditEmitsCodec.encode({ verdicts: rows, completions: [] })))
        const found = await client.query<{ emitId: string }>(
          'SELECT * FROM emits WHERE organizationId = {organizationId:String}',
          {
            organizationId,
          },
        )
        const expected = rows.map(({ payload: _, ...row }) =>
          asAnswered(row, { traceId: row.traceparent && PARENT.slice(3, 35) }),
        )
        expect(byId(found)).toEqual(byId(expected))
        const payloads = await client.query<{ emitId: string }>(
          'SELECT * FROM payloads WHERE organizationId = {organizationId:String}',
          {
            organizationId,
          },
        )
        const kept = rows.filter(({ payload }) => payload !== null)
        expect(byId(payloads)).toEqual(
          byId(kept.map(({ emitId, environment, recordedAtMs, payload }) => ({ organizationId, environment, emitId, recordedAt: iso(recordedAtMs), payload: String(payload) }))), // biome-ignore format: one row
        )
      }),
      RUNS,
    )
  })

  it('of attempts, changes, relays and last words', async () => {
    const shapes = fc.tuple(
      fc.array(attempts, { minLength: 1, maxLength: 20 }),
      fc.array(changes, { minLength: 1 }),
      fc.array(relays, { minLength: 1 }),
    )
    await fc.assert(
      fc.asyncProperty(shapes, async ([someAttempts, someChanges, someRelays]) => {
        const organizationId = `org_others_${blocks}`
        const of = verdict(1, { organizationId })
        const rows = {
          attempts: someAttempts.map((each, n) => attempt(of, 'wh_1', `dlv_${n}`, { replayId: null, ...each })),
          changes: someChanges.map((each, n) => ({ ...change(n), organizationId, ip: null, ...each })),
          relays: someRelays.map((each, n) => ({ ...aRelay, organizationId, relayId: `r_${n}`, ...each })),
          completions: [completion(of, 'FAILED')],
        }
        await insert(emitRows(auditEmitsCodec.encode({ verdicts: [], completions: rows.completions })))
        await insert(attemptRows(auditAttemptsCodec.encode({ attempts: rows.attempts })))
        await insert(changeRows(auditChangesCodec.encode({ changes: rows.changes })))
        await insert(relayRows(auditRelaysCodec.encode({ relays: rows.relays })))
        for (const [table, written] of Object.entries(rows)) {
          const sql = 'SELECT * FROM {table:Identifier} WHERE organizationId = {organizationId:String}'
          const found = await client.query<Record<string, unknown>>(sql, { table, organizationId })
          expect(sorted(found)).toEqual(sorted((written as object[]).map(row => asAnswered(row))))
        }
      }),
      RUNS,
    )
  })

  it('of a record that an earlier release wrote', () => {
    const { fields, ...schema } = auditChangesCodec.schema as {
      fields: [{ type: { items: { fields: Array<{ name: string }> } } }]
    }
    const [{ type }] = fields
    const without = { ...type, items: { ...type.items, fields: type.items.fields.filter(({ name }) => name !== 'ip') } }
    const earlier = { ...schema, fields: [{ ...fields[0], type: without }] }
    const now = avroCodec<{ changes: ChangeRow[] }>(auditChangesCodec.schema, [earlier])
    const before = avroCodec<{ changes: ChangeRow[] }>(earlier)
    const body = now.body(before.encode({ changes: [change(1)] }))
    expect(body.equals(now.body(now.encode({ changes: [{ ...change(1), ip: null }] })))).toBe(true)
  })
})

it('rows of two months and two days are apart, each in its own table partition', () => {
  const at = [LAST_OF_PREVIOUS_MONTH, LAST_OF_PREVIOUS_MONTH + 1, NOON, LAST_OF_PREVIOUS_MONTH]
  const rows = emitRows(
    auditEmitsCodec.encode({ verdicts: at.map((recordedAtMs, n) => verdict(n, { recordedAtMs })), completions: [] }),
  )
  const inserts = insertsOf({ topic: 'rows', partition: 0, first: 0, last: 0, rows })
  expect(inserts.map(({ table, token, rows: count }) => `${table} ${token.split('/').at(-1)} ${count}`).sort()).toEqual(
    [
      ...[`emits ${iso(at[0]!).slice(0, 7)} 2`, `emits ${iso(at[1]!).slice(0, 7)} 2`],
      ...[
        `payloads ${iso(at[0]!).slice(0, 10)} 2`,
        `payloads ${iso(at[1]!).slice(0, 10)} 1`,
        `payloads ${iso(NOON).slice(0, 10)} 1`,
      ],
    ].sort(),
  )
})

it('emits of recorded traces are reported, others not', () => {
  const unsampled = PARENT.replace(/01$/, '00')
  const rows = emitRows(auditEmitsCodec.encode({ verdicts: [null, PARENT, unsampled].map((traceparent, n) => verdict(n, { traceparent })), completions: [] })) // biome-ignore format: one record
  expect(rows.find(({ table }) => table === 'emits')!.traced).toEqual([
    { emitId: verdict(1).emitId, traceparent: PARENT },
  ])
  expect(rows.find(({ table }) => table === 'payloads')!.traced).toEqual([])
})

it('a record that is cut off anywhere, or goes on beyond its end, is refused; one that is damaged ends', () => {
  const bytes = auditEmitsCodec.encode({
    verdicts: [matched(1, ['wh_1'], ['wh_2']), verdict(2, { warnings: ['w'] })],
    completions: [],
  })
  for (let length = 0; length < bytes.length; length++) expect(() => emitRows(bytes.subarray(0, length))).toThrow()
  expect(() => emitRows(Buffer.concat([bytes, Buffer.from([0])]))).toThrow('were read')
  const counted = () => emitRows(bytes).map(({ table, rows }) => `${table} ${rows}`)
  let outcomes = 0
  for (let at = 10; at < bytes.length; at++) {
    for (const byte of [0, 0xff, bytes[at]! ^ 0x80, bytes[at]! ^ 1]) {
      const damaged = Buffer.from(bytes)
      damaged[at] = byte
      try {
        emitRows(damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
        // The next record has nothing of this one.
        expect(counted()).toEqual(['emits 2', 'payloads 2'])
      }
      outcomes++
    }
  }
  expect(outcomes).toBe(4 * (bytes.length - 10))
})

function byId<Row extends { emitId?: unknown }>(rows: Row[]): Row[] {
  return rows.toSorted((a, b) => (String(a.emitId) < String(b.emitId) ? -1 : 1))
}

function sorted(rows: object[]): object[] {
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** The same for a row as it is written and as it is answered. */
function keyOf(row: object): string {
  const { deliveryId, relayId, id } = row as { deliveryId?: unknown; relayId?: unknown; id?: unknown }
  return String(relayId ?? id ?? deliveryId)
}
