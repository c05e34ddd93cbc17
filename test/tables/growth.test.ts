/** The growth of tables is read once an hour, whoever reads it, and nothing of it is counted twice or lost. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createLogger } from '../../src/logger.ts'
import { createTableGrowth } from '../../src/tables/growth.ts'
import { createTableUse } from '../../src/tables/use.ts'
import { auditMetersCodec, type MeterReading } from '../../topics/audit-meters.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { testTables } from '../support/tables.ts'

const HOUR_MS = 3_600_000
/** Far ahead of what a platform on the same server reads meanwhile. */
const NOON_MS = Date.UTC(2090, 0, 1, 12)
const LIMITS = { tables: 10, tableBytes: 1_000_000_000 }

let store: ReturnType<typeof testTables>
beforeAll(() => {
  store = testTables()
}, 120_000)
afterAll(() => store?.close())

const newOwner = () => ({ organizationId: `org_${randomBytes(13).toString('hex')}`, environment: 'live' as const })

/** An organization with a table, and the readings of its growth by one or more processes. */
async function measured() {
  const owner = newOwner()
  const clock = createManualClock(NOON_MS)
  const written: MeterReading[] = []
  let isBrokerAway = false
  const appender = {
    async append({ value }: { value: Buffer | null }) {
      if (isBrokerAway) throw new Error('no broker')
      written.push(...auditMetersCodec.decode(value!).readings)
    },
  }
  const open = () =>
    createTableGrowth({
      ...{ database: store.database, appender: appender as never, shards: 8, clock, logger: createLogger('silent') },
    })
  const [process, other] = [open(), open()]
  await store.tables.create(owner, { name: 'notes', columns: [{ name: 'text', type: 'text' }] }, LIMITS)
  const own = () => written.splice(0).filter(({ organizationId }) => organizationId === owner.organizationId)
  return {
    ...{ owner, clock, process, other },
    breakBroker: (isAway: boolean) => {
      isBrokerAway = isAway
    },
    async write(rows: number) {
      const text = 'x'.repeat(1_000)
      await store.tables.insert(
        owner,
        'notes',
        Array.from({ length: rows }, () => ({ text })),
        LIMITS,
        () => '',
      )
    },
    async read(by = process) {
      await by.measure()
      return own()
    },
    async readByAll() {
      await Promise.all([process.measure(), other.measure()])
      return own()
    },
  }
}

it('has one reading an hour, of one of all processes', async () => {
  const { read, readByAll, other, clock, owner } = await measured()
  const first = await readByAll()
  expect(first).toEqual([
    { ...owner, meter: 'stored_bytes', counterId: expect.any(String), reading: expect.any(Number), atMs: NOON_MS },
  ])
  expect(first[0]!.reading).toBeGreaterThan(0)
  expect(await read()).toEqual([])
  expect(await read(other)).toEqual([])
  clock.advance(HOUR_MS)
  expect(await readByAll()).toEqual([{ ...first[0], atMs: NOON_MS + HOUR_MS }])
})

it('grows by what is written, and does not fall with a table that is deleted', async () => {
  const { read, write, clock, owner } = await measured()
  const [before] = await read()
  await write(200)
  clock.advance(HOUR_MS)
  const [after] = await read()
  expect(after!.reading).toBeGreaterThan(before!.reading + 200_000)
  await store.tables.delete(owner, 'notes')
  clock.advance(HOUR_MS)
  expect((await read()).map(({ counterId, reading }) => [counterId, reading])).toEqual([
    [before!.counterId, after!.reading],
  ])
})

it('is covered by the next reading when one is not taken', async () => {
  const { read, write, breakBroker, clock } = await measured()
  const [before] = await read()
  await write(100)
  clock.advance(HOUR_MS)
  breakBroker(true)
  expect(await read()).toEqual([])
  breakBroker(false)
  clock.advance(HOUR_MS)
  expect((await read())[0]!.reading).toBeGreaterThan(before!.reading + 100_000)
})

it('begins a new counter after a day without readings, of what has grown since', async () => {
  const { read, write, clock } = await measured()
  await write(200)
  const [before] = await read()
  clock.advance(49 * HOUR_MS)
  const [after] = await read()
  expect([after!.reading, after!.counterId === before!.counterId]).toEqual([0, false])
  await write(100)
  clock.advance(HOUR_MS)
  const [grown] = await read()
  expect(grown!.counterId).toBe(after!.counterId)
  expect(grown!.reading).toBeGreaterThan(100_000)
})

it('is not looked for where there is no database, and not waited for where it does not answer', async () => {
  const clock = createManualClock(NOON_MS)
  const asOwner = () => new Promise<never>(() => undefined)
  const none = createTableUse({ database: { isThere: () => false, asOwner }, clock })
  expect(await none(newOwner())).toEqual({ tables: 0, bytes: 0 })
  const hanging = createTableUse({ database: { isThere: () => true, asOwner }, clock })
  const use = hanging(newOwner())
  clock.advance(1_000)
  expect(await use).toBeUndefined()
})
