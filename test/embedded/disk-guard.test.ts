import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse.ts'
import { createDiskGuard, FREE_BYTES_MIN, freeBytesAt } from '../../src/embedded/disk-guard.ts'
import { makeDataDirectory, silent } from '../support/run-directory.ts'

describe('the disk under the embedded ClickHouse', () => {
  let free = 0
  let told: string[] = []
  let said: jest.SpiedFunction<typeof console.error>
  const guards: Array<{ stop(): void }> = []
  const guard = () => {
    const made = createDiskGuard({ freeBytes: () => free, run: async statement => void told.push(statement) })
    guards.push(made)
    return made
  }
  beforeEach(() => {
    told = []
    said = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  })
  afterEach(() => {
    said.mockRestore()
    for (const each of guards.splice(0)) each.stop()
  })

  it('is let alone while there is room', async () => {
    free = FREE_BYTES_MIN
    const disk = guard()
    await disk.check()
    expect(disk.isLow()).toBe(false)
    expect(told).toEqual([])
  })

  it('is not written to when it is nearly full: merges stop, inserts are refused, each logged once', async () => {
    free = FREE_BYTES_MIN - 1
    const disk = guard()
    await disk.check()
    await disk.check()
    expect(disk.isLow()).toBe(true)
    expect(told).toEqual(['SYSTEM STOP MERGES'])
    expect(said).toHaveBeenCalledTimes(1)
  })

  it('is written to again when there is clearly more room, not at the first free byte', async () => {
    free = 0
    const disk = guard()
    await disk.check()
    free = FREE_BYTES_MIN
    await disk.check()
    expect(disk.isLow()).toBe(true)
    free = FREE_BYTES_MIN * 1.25
    await disk.check()
    expect(disk.isLow()).toBe(false)
    expect(told).toEqual(['SYSTEM STOP MERGES', 'SYSTEM START MERGES'])
  })

  const whereMountingIsAllowed = canMount() ? it : it.skip
  whereMountingIsAllowed('refuses inserts with the code of ClickHouse, and nothing else, on a small one', async () => {
    const dataDir = makeDataDirectory()
    const directory = join(dataDir, 'clickhouse')
    mkdirSync(directory)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128m', 'tmpfs', directory])
    try {
      const server = await startEmbeddedClickHouse({ dataDir, logger: silent })
      const client = createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF } })
      await client.command({ query: 'CREATE TABLE things (id UInt64) ENGINE = MergeTree ORDER BY id' })
      const insert = client.insert({ table: 'things', values: [{ id: 1 }], format: 'JSONEachRow' })
      await expect(insert).rejects.toMatchObject({ code: '243', type: 'NOT_ENOUGH_SPACE' })
      const answer = await client.query({ query: 'SELECT count() AS count FROM things', format: 'JSONEachRow' })
      expect(await answer.json()).toEqual([{ count: 0 }])
      await client.close()
      await server.close()
    } finally {
      execFileSync('umount', ['-l', directory])
    }
  })

  it('reports how much its user may write', () => {
    expect(freeBytesAt(makeDataDirectory())).toBeGreaterThan(0)
  })
})

/** A file system of its own for the test: root's right, and not in every container. */
function canMount(): boolean {
  const directory = makeDataDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' })
    execFileSync('umount', [directory], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
