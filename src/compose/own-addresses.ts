/**
 * Addresses of the processes that share a data directory. Each writes its own addresses into a file there, so that
 * webhooks cannot reach any of them, whichever process delivers.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'

export interface BoundAddress {
  host: string
  port: number
}

/** Longest delay until other processes see a new one. */
const READ_EVERY_MS = 2_000

/** With a read-only directory nothing is shared: the process knows its own addresses only. */
export function shareAddresses({
  dataDir,
  bound,
  clock,
}: {
  dataDir: string
  bound: readonly BoundAddress[]
  clock: Clock
}) {
  const directory = join(dataDir, 'listening')
  const own = join(directory, `${process.pid}.json`)
  let known: BoundAddress[] = []
  let readAtMs = Number.NEGATIVE_INFINITY
  try {
    mkdirSync(directory, { recursive: true })
    writeFileSync(own, JSON.stringify(bound))
  } catch {
    // A data directory that cannot be written to is not shared with another process either.
  }

  return {
    list(): readonly BoundAddress[] {
      if (clock.monotonicMs() - readAtMs >= READ_EVERY_MS) {
        readAtMs = clock.monotonicMs()
        known = readAll(directory)
      }
      return known
    },
    close(): void {
      rmSync(own, { force: true })
    },
  }
}

/** Removes the files of processes that have ended. */
function readAll(directory: string): BoundAddress[] {
  try {
    return readdirSync(directory).flatMap(name => {
      const path = join(directory, name)
      if (isAlive(Number.parseInt(name, 10))) return read(path)
      rmSync(path, { force: true })
      return []
    })
  } catch {
    return []
  }
}

function read(path: string): BoundAddress[] {
  try {
    const list = JSON.parse(readFileSync(path, 'utf8')) as BoundAddress[]
    return Array.isArray(list)
      ? list.filter(({ host, port }) => typeof host === 'string' && typeof port === 'number')
      : []
  } catch {
    return [] // it is being written
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
