/** Reports of processes, and the state of the installation that follows from them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { createPlatformHandlers } from '../../src/api/platform/handlers.ts'
import type { Appender, LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import { createDiskUse } from '../../src/process-reports/disk-use.ts'
import { createKnownProcesses } from '../../src/process-reports/known-processes.ts'
import { reportProcess } from '../../src/process-reports/report-process.ts'
import { type ProcessReport, processes } from '../../topics/processes.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { quiet } from '../processors/admit/in-process.ts'

const settled = () => new Promise(resolve => setImmediate(resolve))

const role = (name: 'api' | 'admit' | 'record', running: number[] = [], lag = 0) => ({
  ...{ role: name, shards: running, running, lagRecords: lag, lagSeconds: lag > 0 ? 7 : 0 },
})

const report = (roles: ProcessReport['roles'], more: Partial<ProcessReport> = {}): ProcessReport => ({
  ...{ version: '1.0.0', startedAtMs: 1, roles, missing: [], disk: [], kafkaVersion: null, isStopping: false },
  ...more,
})

function world() {
  const clock = createManualClock()
  const written: OutRecord[] = []
  const appender: Appender = {
    async append(record) {
      written.push(record)
      const { key, value } = record
      known.onRecord({
        ...{ topic: processes.name, partition: 0, offset: written.length, headers: {}, timestampMs: clock.machineMs() },
        ...{ key: Buffer.from(key!), value: value as Buffer | null },
      } as LogRecord)
      return { offset: written.length, timestampMs: -1 }
    },
    close: async () => undefined,
  }
  const known = createKnownProcesses({ clock, appender })
  const start = (processId: string, given: ProcessReport) =>
    reportProcess({ processId, appender, clock, logger: quiet, report: async () => given })
  const status = async (brokers: () => Promise<never[]> = async () => []) => {
    const handlers = createPlatformHandlers({
      ...{ knownProcesses: known, shards: 2, version: '1.0.0', clock },
      platformView: { brokers, ailing: () => [{ ailment: 'no_leader' }], historyAnswers: async () => true },
    })
    return (await handlers.status()).data as Record<string, never>
  }
  return { clock, known, written, start, status }
}

it('a process is there while it reports, and gone half a minute after its last word', async () => {
  const { clock, known, start } = world()
  const one = start('prc_1', report([role('api')]))
  const other = start('prc_2', report([role('api'), role('admit', [0, 1])]))
  await settled()
  expect([known.list().length, known.apis()]).toEqual([2, 2])
  await other.stopping()
  clock.advance(1_500)
  expect(known.apis()).toBe(1)
  await other.close()
  expect(known.list().map(({ id }) => id)).toEqual(['prc_1'])
  for (let seconds = 0; seconds < 60; seconds += 5) {
    clock.advance(5_000)
    await settled()
  }
  expect(known.list()).toHaveLength(1)
  await one.close()
  expect([known.list().length, known.apis()]).toEqual([0, 1])
})

it('a process that ends without a word is removed from the topic by another', async () => {
  const { clock, known, start, written } = world()
  const dead = start('prc_1', report([role('api')]))
  await settled()
  // Its timer stops with it.
  await dead.stopping()
  const other = start('prc_2', report([role('api')]))
  for (let minutes = 0; minutes < 11; minutes++) {
    clock.advance(60_000)
    await settled()
  }
  expect(known.list().map(({ id }) => id)).toEqual(['prc_2'])
  expect(written.filter(({ key, value }) => key === 'prc_1' && value === null)).toHaveLength(1)
  await other.close()
})

it('the status adds up what processes report: shards once, lags of all, what is not ready', async () => {
  const { start, status } = world()
  const all = [
    start('prc_1', report([role('api'), role('admit', [0], 3)], { startedAtMs: 1, missing: ['admit: restoring'] })),
    start(
      'prc_2',
      report([role('admit', [0, 1], 4), role('record', [0, 1], 2)], { startedAtMs: 2, kafkaVersion: '4.3.1' }),
    ),
  ]
  await settled()
  expect(await status()).toMatchObject({
    processes: [
      { id: 'prc_1', roles: ['api', 'admit'], shards: { admit: [0] }, missing: ['admit: restoring'] },
      { id: 'prc_2', roles: ['admit', 'record'], shards: { admit: [0, 1], record: [0, 1] } },
    ],
    roles: [
      { role: 'api', shards: 0, running: 1 },
      { role: 'admit', shards: 2, running: 2, lagRecords: 7, lagSeconds: 7 },
      { role: 'deliver', shards: 2, running: 0, lagRecords: 0, lagSeconds: 0 },
      { role: 'run', running: 0 },
      { role: 'queue', running: 0 },
      { role: 'record', running: 2, lagRecords: 2 },
    ],
    kafka: { version: '4.3.1', brokers: [], offlinePartitions: 1, belowMinIsr: 0 },
    history: { reachable: true, behindSeconds: 7 },
  })
  await Promise.all(all.map(each => each.close()))
})

it('the status is there although no broker answers', async () => {
  const { clock, status } = world()
  const asked = status(() => new Promise(() => undefined))
  clock.advance(3_000)
  expect(await asked).toMatchObject({ kafka: { brokers: [] }, history: { behindSeconds: null } })
})

it('disk use counts the blocks of a folder, and leaves out one that is not there', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'disk-'))
  try {
    writeFileSync(join(dataDir, 'a'), 'x'.repeat(100_000))
    const [part, ...rest] = await createDiskUse({ dataDir, parts: ['.', 'none'], clock: createManualClock() })()
    expect(rest).toEqual([])
    expect(part!.usedBytes).toBeGreaterThanOrEqual(100_000)
    expect(part!.freeBytes).toBeGreaterThan(0)
  } finally {
    rmSync(dataDir, { recursive: true })
  }
})
