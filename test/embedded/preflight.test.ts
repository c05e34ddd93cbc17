/** Requirements of a start on the machine, each with its sentence. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { DataUse } from '../../src/embedded/data-missing.ts'
import { FREE_BYTES_MIN, freeBytesAt } from '../../src/embedded/disk-guard.ts'
import { type Machine, preflight } from '../../src/embedded/preflight.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

const MB = 1024 * 1024
const enough: Machine = { openFiles: () => 65_536, freeBytes: () => 1e12, java: async () => undefined }

async function answerOf(
  machine: Partial<Machine>,
  use: Partial<DataUse> = {},
): Promise<{ problem: string | undefined; warnings: string[] }> {
  const warnings: string[] = []
  const progress = { info: () => undefined, warn: (sentence: string) => void warnings.push(sentence) }
  const whole = { dataDir: makeDataDirectory(), kafka: true, clickhouse: true, keys: true, ...use }
  const problem = await preflight(whole, progress, { ...enough, ...machine }).then(
    () => undefined,
    (error: Error) => error.message,
  )
  return { problem, warnings }
}

const served = () => {
  const dataDir = makeDataDirectory()
  for (const name of ['metadata', 'store']) mkdirSync(join(dataDir, 'clickhouse', 'data', name), { recursive: true })
  writeFileSync(join(dataDir, 'clickhouse', 'tables.json'), '{"database":"clarion"}')
  mkdirSync(join(dataDir, 'kafka'))
  return dataDir
}

describe('a start', () => {
  it('on a machine that has all it needs goes on without a word, and leaves nothing in the directory', async () => {
    const dataDir = makeDataDirectory()
    expect(await answerOf({}, { dataDir })).toEqual({ problem: undefined, warnings: [] })
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('with too few open files says how many, and the command', async () => {
    const { problem } = await answerOf({ openFiles: () => 1_023 })
    expect(problem).toMatch(
      /^A process may have only 1023 files open at a time, and the broker needs 1024 or more: run `ulimit -n 65536`/,
    )
    expect((await answerOf({ openFiles: () => 1_024 })).problem).toBeUndefined()
    expect((await answerOf({ openFiles: () => undefined })).problem).toBeUndefined()
    expect((await answerOf({ openFiles: () => 20 }, { kafka: false, clickhouse: false })).problem).toBeUndefined()
  })

  it('that is the first needs room for what ClickHouse keeps free, and the tables', async () => {
    const { problem } = await answerOf({ freeBytes: () => FREE_BYTES_MIN })
    expect(problem).toMatch(
      /^There is too little room below \S+: 512 MB are free, and a first start needs 640\. Make room, or set CLARION_DATA_DIR/,
    )
    expect((await answerOf({ freeBytes: () => 640 * MB })).problem).toBeUndefined()
  })

  it('of an installation on a nearly full disk goes on and warns, and stops on a full one', async () => {
    const dataDir = served()
    const low = await answerOf({ freeBytes: () => 300 * MB }, { dataDir })
    expect(low).toEqual({
      problem: undefined,
      warnings: [expect.stringContaining('no history is written with less than 512 MB')],
    })
    const { problem } = await answerOf({ freeBytes: () => 63 * MB }, { dataDir })
    expect(problem).toMatch(/^The disk below \S+ is full: 63 MB are free, and the broker needs 64 to start/)
  })

  it('that uses a cluster and a server of its own needs neither Java nor room', async () => {
    const without = {
      openFiles: () => 256,
      freeBytes: () => 0,
      java: () => Promise.reject(new Error('Java is missing')),
    }
    expect((await answerOf(without, { kafka: false, clickhouse: false, keys: false })).problem).toBeUndefined()
  })

  const whereMountingIsAllowed = canMount() ? it : it.skip
  whereMountingIsAllowed('on a small disk stops, for what is really free there', async () => {
    const dataDir = makeDataDirectory()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', dataDir])
    try {
      expect((await answerOf({ freeBytes: freeBytesAt }, { dataDir })).problem).toMatch(
        /too little room below \S+: 100 MB are free/,
      )
      execFileSync('mount', ['-o', 'remount,ro', dataDir])
      expect((await answerOf({}, { dataDir })).problem).toMatch(
        /cannot be used: the file system is read-only\. Set CLARION_DATA_DIR/,
      )
    } finally {
      execFileSync('umount', ['-l', dataDir])
    }
  })
})

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
