/**
 * Where the processes of one data directory listen. Each keeps a file with its own addresses there, so that webhooks reach none of them, whatever
 * process delivers.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'

export interface BoundAddress {
  host: string
  port: number
}

/** A process that has just started is seen by the others so much later at most. */
const READ_EVERY_MS = 2_000

/** A directory that takes no files shares nothing: the process knows its own addresses only. */
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
    // A data directory that cannot be written to belongs to no other process either.
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

/** Files of processes that have ended are removed on the way. */
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
    return [] // being written now
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
