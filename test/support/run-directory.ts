/**
 * One run of the tests has one temporary directory. Broker and ClickHouse of the run live in it, are started by the first test file that asks,
 * shared by all jest workers, and ended by the global teardown. A run that was interrupted is cleaned up by the next one.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holdDirectory, readChild } from '../../src/embedded/part-directory.ts'
import { endProcess } from '../../src/embedded/process-identity.ts'

const PREFIX = 'clarion-tests-'
const PARTS = ['kafka', 'clickhouse']
const VARIABLE = 'CLARION_TEST_RUN_DIRECTORY'

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

/** Runs `work` while no other worker of this run does. */
export async function onceAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const held = await holdDirectory(join(runDirectory(), name), silent, 120_000)
  try {
    return await work()
  } finally {
    held.release()
  }
}

/** Ends whatever a data directory's broker and ClickHouse are still running as. */
export async function endParts(dataDir: string): Promise<void> {
  for (const part of PARTS) {
    const child = readChild(join(dataDir, part))
    if (child) await endProcess(child, 10_000)
  }
}

export async function removeRunDirectory(directory: string): Promise<void> {
  await endParts(directory)
  rmSync(directory, { recursive: true, force: true })
}

async function sweepInterruptedRuns() {
  for (const name of readdirSync(tmpdir()).filter(name => name.startsWith(PREFIX))) {
    const directory = join(tmpdir(), name)
    const held = await holdDirectory(directory, silent, 0).catch(() => undefined)
    if (held) await removeRunDirectory(directory)
  }
}
