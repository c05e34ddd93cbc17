/** The program as an operating system process of a test, and what it has started. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from '@jest/globals'
import { identifyProcess } from '../src/embedded/process-identity.ts'
import { SHARDS } from './support/platform.ts'
import { adopt, makeDataDirectory } from './support/run-directory.ts'

export const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export const FLAGS = ['--disable-warning=ExperimentalWarning']
export const environment = (settings: Record<string, string>) => {
  return {
    ...process.env,
    PORT: '0',
    LOG_LEVEL: 'silent',
    CLARION_BROKER_PROFILE: 'test',
    CLARION_BROKER_HEAP_MB: '256',
    CLARION_SHARDS: String(SHARDS),
    ...settings,
  }
}

/** Java and ClickHouse of this data directory that run now. */
export function partsOf(dataDir: string): number[] {
  return ['kafka', 'clickhouse'].flatMap(part => {
    try {
      const { pid } = JSON.parse(readFileSync(join(dataDir, part, 'process.json'), 'utf8')) as { pid: number }
      return identifyProcess(pid) ? [pid] : []
    } catch {
      return []
    }
  })
}

/** Every process that works in the data directory: what formats the storage has no file that names it. */
export function processesIn(dataDir: string): string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(dataDir)
    } catch {
      return false
    }
  })
}

export const exitOf = (child: ChildProcess) =>
  new Promise<number | NodeJS.Signals | null>(resolve => child.once('exit', (code, signal) => resolve(code ?? signal)))

/** Ends a start when this has come, and what it had started. */
export async function endStartWhen(came: (dataDir: string) => boolean): Promise<void> {
  const dataDir = makeDataDirectory()
  const env = environment({ CLARION_DATA_DIR: dataDir, PORT: '0', CLARION_BROKER_PROFILE: 'default' })
  const child = spawn(process.execPath, [...FLAGS, PROGRAM], { env, stdio: 'ignore' })
  adopt(child.pid!)
  const exited = exitOf(child)
  while (!came(dataDir)) await pause(5)
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  expect(partsOf(dataDir)).toEqual([])
  if (process.platform === 'linux') expect(processesIn(dataDir)).toEqual([])
  for (const part of ['kafka', 'clickhouse'])
    expect([part, existsSync(join(dataDir, part, 'owner.lock'))]).toEqual([part, false])
}

/** What can be seen of a start, in the order in which it comes. */
export const MOMENTS = {
  'the directory is taken': dataDir => existsSync(join(dataDir, 'kafka', 'owner.lock')),
  'the storage is formatted': dataDir => existsSync(join(dataDir, 'kafka', 'formatting', 'format.properties')),
  'ClickHouse has been started': dataDir => existsSync(join(dataDir, 'clickhouse', 'process.json')),
  'the broker has been started': dataDir => existsSync(join(dataDir, 'kafka', 'process.json')),
  'both serve': dataDir => existsSync(join(dataDir, 'kafka', 'secret-key-ids.json')),
} satisfies Record<string, (dataDir: string) => boolean>
