/**
 * Each part (Kafka, ClickHouse) has a directory of its own below the data directory, and only one platform process at a
 * time holds it. Two files in it name the processes:
 *
 *     owner.lock     the platform process that holds the directory
 *     process.json   the child that serves from it, with address and password for other processes
 *
 * A killed owner leaves both behind, and its child running: the next owner takes over the lock and ends that child
 * before it uses the directory.
 */
import { linkSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { adviceFor } from './data-files.ts'
import { endProcess, identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts'
import {
  isRecord,
  makeDirectory,
  readStored,
  type StoredFile,
  systemReason,
  writePrivate,
  writeToDisk,
} from './stored-files.ts'

/** Receives messages while the embedded parts start; pino's logger fits. */
export interface ProgressLogger {
  info(message: string): void
  warn(message: string): void
}

/** A living process holds the directory. */
export class DirectoryInUse extends Error {}

/** An owner that drains after SIGTERM takes at most 30 s; the wait is a little longer. */
const OWNER_WAIT_MS = 40_000
const ORPHAN_GRACE_MS = 20_000

/**
 * Locks the directory for this process. Waits up to `waitMs` for a living owner, then throws an error that names it. A
 * lock that cannot be read names no owner: the error names the lock instead. `stop` ends the wait.
 */
export async function holdDirectory(
  directory: string,
  logger: ProgressLogger,
  waitMs = OWNER_WAIT_MS,
  stop?: AbortSignal,
): Promise<{ release(): void }> {
  makeDirectory(directory)
  const lock = join(directory, 'owner.lock')
  const deadline = performance.now() + waitMs
  let hasLogged = false
  for (;;) {
    if (createLock(lock)) return { release: once(() => rmSync(lock, { force: true })) }
    const owner = readOwner(lock)
    if (owner && isAlive(owner)) {
      if (performance.now() > deadline)
        throw new DirectoryInUse(`${directory} is in use by process ${owner.pid}; stop it or choose another directory`)
      if (!hasLogged) logger.info(`waiting for process ${owner.pid} to release ${directory}`)
      hasLogged = true
      stop?.throwIfAborted()
      await pause(100)
    } else {
      breakLock(lock, owner)
    }
  }
}

/** Records the child that now serves from the directory. */
export function recordChild<T extends object>(directory: string, pid: number, connection: T): ProcessIdentity {
  const identity = identifyProcess(pid)
  if (!identity) throw new Error(`Process ${pid} ended as soon as it was started`)
  writePrivate(join(directory, 'process.json'), JSON.stringify({ ...identity, connection }, undefined, 2))
  return identity
}

/** Removes the record of the child, unless another one has replaced it meanwhile. */
export function forgetChild(directory: string, child: ProcessIdentity) {
  const file = childFile(directory)
  try {
    const recorded = readStored(file)
    if (recorded?.pid === child.pid && recorded.started === child.started) rmSync(file.path, { force: true })
  } catch {
    // An unreadable record is not this child's. The next start of its owner reports it.
  }
}

/** The connection data of the child that serves from the directory, or undefined if none is running. */
export function readChild<T extends object>(directory: string): (ProcessIdentity & { connection: T }) | undefined {
  const recorded = readStored(childFile(directory))
  return recorded && isAlive(recorded) ? (recorded as ProcessIdentity & { connection: T }) : undefined
}

/** Ends a child that a killed owner left running. The caller holds the directory. `signal`: see `endProcess`. */
export async function endOrphan(
  directory: string,
  what: string,
  logger: ProgressLogger,
  signal?: NodeJS.Signals,
): Promise<void> {
  const orphan = readChild(directory)
  if (orphan) {
    logger.info(`ending ${what} (process ${orphan.pid}) that an earlier run left behind`)
    await endProcess(orphan, ORPHAN_GRACE_MS, signal)
  }
  rmSync(join(directory, 'process.json'), { force: true })
}

const isIdentity = (value: unknown): value is ProcessIdentity =>
  isRecord(value) && Number.isInteger(value.pid) && typeof value.started === 'string'

export const lockFile = (path: string): StoredFile<ProcessIdentity> => ({
  path,
  advice: adviceFor('owner.lock', dirname(path)),
  holds: isIdentity,
})

export const childFile = (directory: string): StoredFile<ProcessIdentity & { connection: object }> => ({
  path: join(directory, 'process.json'),
  advice: adviceFor('process.json', directory),
  holds: (value): value is ProcessIdentity & { connection: object } =>
    isIdentity(value) && isRecord((value as { connection?: unknown }).connection),
})

/**
 * False if there is a lock. The lock is made as a hard link to a complete file: it appears with its content or not at
 * all, even after a power failure, and for one process only.
 */
function createLock(lock: string): boolean {
  const draft = `${lock}.${process.pid}`
  try {
    writeToDisk(draft, JSON.stringify(identifyProcess(process.pid)))
    linkSync(draft, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new Error(`${lock} cannot be made: ${systemReason(error)}.`, { cause: error })
  } finally {
    rmSync(draft, { force: true })
  }
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (!done) work()
    done = true
  }
}

function readOwner(lock: string): ProcessIdentity | undefined {
  return readStored(lockFile(lock))
}

/**
 * Removes the lock of a dead owner. Another process may have removed it a moment ago and hold a new lock under the same
 * name, so the lock is moved first, checked, and put back if it is not the dead owner's.
 */
function breakLock(lock: string, dead: ProcessIdentity | undefined) {
  const aside = `${lock}.aside-${process.pid}`
  try {
    renameSync(lock, aside)
    const moved = readOwner(aside)
    if (moved && !(moved.pid === dead?.pid && moved.started === dead.started)) linkSync(aside, lock)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}
