/**
 * One run of the tests has one temporary directory. Broker, ClickHouse and platforms of the run live in it, broker and ClickHouse shared by all
 * jest workers and started by the first test file that asks. The global teardown ends what is left; what an interrupted run left, the next one.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holdDirectory, readChild, recordChild } from '../../src/embedded/part-directory.ts'
import { endProcess } from '../../src/embedded/process-identity.ts'
import { patient } from './patience.ts'

const PREFIX = 'clarion-tests-'
const VARIABLE = 'CLARION_TEST_RUN_DIRECTORY'
const GRACE_MS = patient(10_000)

export const silent = { info: () => {}, warn: (message: string) => console.warn(message) }

/** Made by the global setup; its lock says that the run is alive. */
export async function makeRunDirectory(): Promise<string> {
  await sweepInterruptedRuns()
  const directory = mkdtempSync(join(tmpdir(), PREFIX))
  await holdDirectory(directory, silent)
  process.env[VARIABLE] = directory
  return directory
}

export function runDirectory(): string {
  const directory = process.env[VARIABLE]
  if (!directory) throw new Error('There is no test run: start the tests with `npm test`')
  return directory
}

/** An empty data directory that is removed with the run, as are processes that still run in it. */
export function makeDataDirectory(): string {
  return mkdtempSync(join(runDirectory(), 'data-'))
}

/** Runs `work` while no other worker of this run does. */
export async function onceAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const held = await holdDirectory(join(runDirectory(), name), silent, patient(120_000))
  try {
    return await work()
  } finally {
    held.release()
  }
}

/** Writes down a process that a test started, so that it is ended even if the test is not. */
export function adopt(pid: number) {
  const directory = join(runDirectory(), 'processes', String(pid))
  mkdirSync(directory, { recursive: true })
  return recordChild(directory, pid, {})
}

/** Ends the broker, the ClickHouse and the PostgreSQL of a data directory if they are running. */
export async function endParts(dataDir: string): Promise<void> {
  await Promise.all([
    ...['kafka', 'clickhouse'].map(part => endChild(join(dataDir, part))),
    endChild(join(dataDir, 'postgres'), 'SIGINT'),
  ])
}

export async function removeRunDirectory(directory: string): Promise<void> {
  const below = (name: string) => subdirectories(join(directory, name))
  await Promise.all(below('processes').map(each => endChild(each)))
  await Promise.all([directory, ...below('.')].map(endParts))
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

async function endChild(directory: string, signal?: NodeJS.Signals) {
  const child = readChild(directory)
  if (child) await endProcess(child, GRACE_MS, signal)
}

async function sweepInterruptedRuns() {
  for (const directory of subdirectories(tmpdir()).filter(path => path.startsWith(join(tmpdir(), PREFIX)))) {
    const held = await holdDirectory(directory, silent, 0).catch(() => undefined)
    if (held) await removeRunDirectory(directory)
  }
}

function subdirectories(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.filter(entry => entry.isDirectory()).map(entry => join(directory, entry.name))
  } catch {
    return []
  }
}
