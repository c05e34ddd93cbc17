/**
 * Checks the machine before anything starts: a writable directory, readable files in it, free disk space, open files,
 * Java. All problems are reported at once. The check costs a few milliseconds besides Java's start for its version,
 * once per process, and a second for 15,000 partitions with records.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, linkSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tablesFile } from './clickhouse.ts'
import { dataProblems } from './data-check.ts'
import type { DataUse } from './data-missing.ts'
import { FREE_BYTES_MIN, freeBytesAt, RESUME_FACTOR } from './disk-guard.ts'
import { findJava } from './kafka-java.ts'
import type { ProgressLogger } from './part-directory.ts'
import { makeDirectory, pathExists, systemReason, writeToDisk } from './stored-files.ts'

/**
 * The broker of an empty installation has some 400 files open, and one more for each partition of an organization and
 * each connection.
 */
const OPEN_FILES_MIN = 1_024
/** Kafka ends during its start when it cannot write a checkpoint or the index files of its open partitions. */
const KAFKA_FREE_BYTES_MIN = 64 * 1024 * 1024

export interface Machine {
  openFiles(): number | undefined
  freeBytes(directory: string): number
  java(): Promise<unknown>
}

const THIS_MACHINE: Machine = { openFiles: openFilesMax, freeBytes: freeBytesAt, java: findJava }

/** Creates the data directory. Throws one error with every problem that prevents a start. */
export async function preflight(
  use: DataUse & { cacheDir?: string },
  progress: ProgressLogger,
  machine: Machine = THIS_MACHINE,
): Promise<void> {
  const java = use.kafka ? await machine.java().then(() => [], sentenceOf) : []
  const path = pathProblems(use.dataDir)
  const cache = use.kafka && use.cacheDir !== undefined ? cacheProblems(use.cacheDir) : []
  const data = path.length > 0 ? path : [...dataProblems(use), ...diskProblems(use, machine, progress)]
  const problems = [...data, ...cache, ...openFilesProblems(use, machine), ...java]
  if (problems.length === 1) throw new Error(problems[0])
  if (problems.length > 1)
    throw new Error(`The platform cannot start here:\n${problems.map(problem => `  - ${problem}`).join('\n')}`)
}

const sentenceOf = (error: unknown): string[] => [(error as Error).message]

/** Writes, links and removes a file there: the locks need links. */
function pathProblems(dataDir: string): string[] {
  const probe = join(dataDir, `.probe.${process.pid}`)
  try {
    makeDirectory(dataDir)
    writeToDisk(probe, 'x')
    linkSync(probe, `${probe}.link`)
    return []
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return [] // reported by the check of free space
    const reason =
      (error as NodeJS.ErrnoException).syscall === 'link' ? `its file system has no hard links` : systemReason(error)
    return [
      `The data directory ${dataDir} cannot be used: ${reason.replace(/\.$/, '')}. Set CLARION_DATA_DIR to another place.`,
    ]
  } finally {
    for (const each of [probe, `${probe}.link`]) removeIfThere(each)
  }
}

/** The directory of the downloads that all data directories share. */
function cacheProblems(cacheDir: string): string[] {
  try {
    makeDirectory(cacheDir)
    accessSync(cacheDir, constants.R_OK | constants.X_OK)
    return []
  } catch (error) {
    return [
      `The cache directory ${cacheDir} cannot be used: ${systemReason(error).replace(/\.$/, '')}. Set CLARION_CACHE_DIR to another place.`,
    ]
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Nothing was created, so there is nothing to remove.
  }
}

function diskProblems(
  { dataDir, kafka, clickhouse }: DataUse,
  { freeBytes }: Machine,
  progress: ProgressLogger,
): string[] {
  const free = (part: string) => {
    const directory = join(dataDir, part)
    return freeBytes(pathExists(directory) ? directory : dataDir)
  }
  const makeRoom = 'Make room, or set CLARION_DATA_DIR to a larger disk.'
  if (clickhouse) {
    const bytes = free('clickhouse')
    const first = !pathExists(tablesFile(dataDir).path)
    if (first && bytes < FREE_BYTES_MIN * RESUME_FACTOR)
      return [
        `There is too little room below ${dataDir}: ${megabytes(bytes)} MB are free, and a first start needs ${FIRST_MB}. ${makeRoom}`,
      ]
    if (bytes < FREE_BYTES_MIN)
      progress.warn(
        `the disk below ${dataDir} is nearly full (${megabytes(bytes)} MB free): no history is written with less than ${megabytes(FREE_BYTES_MIN)} MB. ${makeRoom}`,
      )
  }
  const bytes = kafka ? free('kafka') : Number.POSITIVE_INFINITY
  if (bytes >= KAFKA_FREE_BYTES_MIN) return []
  return [
    `The disk below ${dataDir} is full: ${megabytes(bytes)} MB are free, and the broker needs ${megabytes(KAFKA_FREE_BYTES_MIN)} to start. ${makeRoom}`,
  ]
}

const megabytes = (bytes: number): number => Math.floor(bytes / 1024 / 1024)
const FIRST_MB = megabytes(FREE_BYTES_MIN * RESUME_FACTOR)

function openFilesProblems({ kafka, clickhouse }: DataUse, { openFiles }: Machine): string[] {
  const max = kafka || clickhouse ? openFiles() : undefined
  if (max === undefined || max >= OPEN_FILES_MIN) return []
  return [
    `A process may have only ${max} files open at a time, and the broker needs ${OPEN_FILES_MIN} or more: run \`ulimit -n 65536\` in the shell before the start, or raise the limit of the service (systemd: LimitNOFILE=65536, Docker: --ulimit nofile=65536).`,
  ]
}

/**
 * Node has raised its own soft limit to the hard one, as Java does; the result is the machine's limit. Undefined where
 * the system does not report it.
 */
function openFilesMax(): number | undefined {
  try {
    const limits = process.platform === 'linux' ? readFileSync('/proc/self/limits', 'utf8') : undefined
    const text = limits
      ? limits.match(/^Max open files\s+(\S+)/m)?.[1]
      : execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
    return text && /^\d+$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}
