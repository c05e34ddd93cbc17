/** A data directory that one platform has made, and ways to damage its files. */
import {
  cpSync,
  type Dirent,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, relative } from 'node:path'
import { beforeAll, expect } from '@jest/globals'
import { DATA_FILES } from '../../src/embedded/data-files.ts'
import { type Machine, preflight } from '../../src/embedded/preflight.ts'
import { startPlatform, type TestOrganization } from '../support/platform.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

export const READY_MS = 120_000

/** Root ignores file modes, and even root cannot read a circle of links. The file itself is out of the way. */
export const DAMAGES: Record<string, (path: string) => void> = {
  missing: () => undefined,
  empty: path => writeFileSync(path, ''),
  'cut off': path => writeFileSync(path, '{"password":"x'),
  'of another shape': path => writeFileSync(path, '{"something":"else"}'),
  'no object': path => writeFileSync(path, 'null'),
  'a directory': path => mkdirSync(path),
  'a circle of links': path => symlinkSync(basename(path), path),
  'a link to what is not there': path => symlinkSync('/nowhere/at/all', path),
}
export const OF_DIRECTORIES: Record<string, (path: string) => void> = {
  missing: () => undefined,
  empty: path => mkdirSync(path),
  'a file': path => writeFileSync(path, ''),
  'a circle of links': DAMAGES['a circle of links']!,
  'a link to what is not there': DAMAGES['a link to what is not there']!,
}

/** Below are the parts of ClickHouse's tables, thousands of them. */
const SHOWN_DEPTH = 4

/** Other things depend on them: they are never made anew. */
export const NEEDED = ['keys.json', 'kafka/data/', 'kafka/credentials.json', 'clickhouse/data/']
/** Files that each start writes and none reads: their contents do not matter. */
export const WRITTEN = ['kafka/server.properties', 'clickhouse/server.json', 'clickhouse/server.log']

export const EMIT = { name: 'platformxe.generic', payload: { kind: 'kept', data: {} }, idempotencyKey: 'kept' }

export let dataDir: string
export let organization: Pick<TestOrganization, 'apiKey'>
export let emitId: string
export let filesWhileRunning: string[]

beforeAll(async () => {
  const platform = await startPlatform()
  dataDir = platform.dataDir
  const made = await platform.organization()
  const emit = await made.call<{ emitId: string }>('POST', '/api/v1/events/custom/emit', EMIT)
  organization = made
  emitId = emit.data.emitId
  filesWhileRunning = namesIn(dataDir)
  expect(await platform.stop()).toBe(0)
  const dead = { pid: 1, started: 'long ago' }
  for (const part of ['kafka', 'clickhouse']) {
    writeFileSync(join(dataDir, part, 'process.json'), JSON.stringify({ ...dead, connection: {} }))
    writeFileSync(join(dataDir, part, 'owner.lock'), JSON.stringify(dead))
  }
  mkdirSync(join(dataDir, 'kafka', 'formatting'))
  mkdirSync(join(dataDir, 'clickhouse', 'inserts'), { recursive: true })
  mkdirSync(join(dataDir, 'mailbox'), { recursive: true })
  writeFileSync(join(dataDir, 'leases', 'admit.1'), 'clarion-1')
}, READY_MS)

/** A server that runs may remove a directory while it is listed. */
function namesIn(directory: string, depthMax = Number.POSITIVE_INFINITY): string[] {
  const names: string[] = []
  const left = [{ path: directory, depth: 1 }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { path: listed, depth } = next
    for (const entry of entriesOf(listed)) {
      const path = join(listed, entry.name)
      if (entry.isDirectory() && depth < depthMax) left.push({ path, depth: depth + 1 })
      names.push(relative(directory, path) + (entry.isDirectory() ? '/' : ''))
    }
  }
  return names.sort()
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export const quiet = { info: () => undefined, warn: () => undefined }
const MACHINE: Machine = { openFiles: () => 20_000, freeBytes: () => 1e12, java: async () => undefined }

/** The message of a start, undefined when it goes on. It changes nothing in the directory, however the file is damaged. */
export async function saidOf(
  path: string,
  damage: (path: string, aside: string) => void,
  machine = MACHINE,
): Promise<string | undefined> {
  const place = join(dataDir, path.replace(/\/$/, ''))
  const aside = join(makeDataDirectory(), 'aside')
  renameSync(place, aside)
  try {
    damage(place, aside)
    const before = namesIn(dataDir, SHOWN_DEPTH)
    const said = await preflight({ dataDir, kafka: true, clickhouse: true, keys: true }, quiet, machine).then(
      () => undefined,
      (error: Error) => error.message,
    )
    expect(namesIn(dataDir, SHOWN_DEPTH)).toEqual(before)
    return said
  } finally {
    rmSync(place, { recursive: true, force: true })
    renameSync(aside, place)
  }
}

/** Damages a copy of what was there. */
export const copied = (damage: (path: string) => void) => (path: string, aside: string) => {
  cpSync(aside, path, { recursive: true })
  damage(path)
}

export function turnBit(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at]! ^= 1
  writeFileSync(path, bytes)
}

/** Where the batches of a segment begin. */
export function batchesIn(path: string): number[] {
  const bytes = readFileSync(path)
  const starts: number[] = []
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) starts.push(at)
  return starts
}

export async function asAfterPowerFailure(act: () => Promise<void>): Promise<void> {
  const sign = join(dataDir, 'kafka', 'data', '.kafka_cleanshutdown')
  renameSync(sign, join(dataDir, 'kafka', 'aside'))
  await act().finally(() => renameSync(join(dataDir, 'kafka', 'aside'), sign))
}

/** A start looks at nothing of PostgreSQL's: what is wrong there keeps only tables away. */
const rows = DATA_FILES.map(({ path }) => path).filter(path => path !== 'making-keys/' && !path.startsWith('postgres/'))
export const casesOf = (paths: string[], damages: Record<string, unknown>) =>
  paths.flatMap(path => Object.keys(damages).map(how => [path, how] as const))
export const files = casesOf(
  rows.filter(path => !path.endsWith('/')),
  DAMAGES,
)
export const directories = casesOf(
  rows.filter(path => path.endsWith('/')),
  OF_DIRECTORIES,
)

/** It names the file, says what depends on it and how it is restored, and shows nothing of what is in it. */
export function sentenceAbout(path: string) {
  const { loss, restore } = DATA_FILES.find(each => each.path === path)!
  const name = join(dataDir, path.replace(/\/$/, ''))
  return expect.stringMatching(new RegExp(`${escaped(name)}.*${escaped(`${loss} ${restore}`)}`, 's'))
}

export const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
