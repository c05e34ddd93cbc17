/** The brokers, ClickHouse and PostgreSQL of the run: stopped, killed and started again on the same data and ports. */

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../src/clock.ts'
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from '../src/embedded/clickhouse.ts'
import type { Brokers } from './brokers.ts'
import { startOneBroker } from './one-broker.ts'
import { type FaultyPostgres, startPostgres } from './postgres.ts'
import { again, sameAddress } from './same-address.ts'
import { startThreeBrokers } from './three-brokers.ts'

/** Of the small file system that ClickHouse's data are on, where mounting is allowed; and more for each minute. */
const DISK_MB = { first: 900, perMinute: 60 }
const FILL_BYTES = 8 * 1024 * 1024

export interface FaultyBackends {
  brokers: Brokers
  postgres: FaultyPostgres
  clickhouseUrl(): string
  killClickHouse(): Promise<void>
  /** Away for so long. */
  stopClickHouse(ms: number): Promise<void>
  /** Undefined when it can be filled; else why not. */
  diskCannotFill: string | undefined
  fillDisk(ms: number): Promise<void>
  /** `keep`: what is on the small file system is copied to where it would be without it. */
  close(keep: boolean): Promise<void>
}

export async function startBackends(deps: {
  dataDir: string
  minutes: number
  brokerCount: 1 | 3
  clock: Clock
  say(sentence: string): void
}): Promise<FaultyBackends> {
  const { dataDir, clock, say } = deps
  const logger = { info: () => undefined, warn: say }
  const clickhouseDir = join(dataDir, 'clickhouse')
  const diskCannotFill = mountSmall(clickhouseDir, DISK_MB.first + Math.ceil(DISK_MB.perMinute * deps.minutes))
  const clickhouseOnce = () => startEmbeddedClickHouse({ dataDir, logger, onExit: () => undefined })
  const brokers = await (deps.brokerCount === 1
    ? startOneBroker({ ...deps, logger })
    : startThreeBrokers({ ...deps, logger }))
  let clickhouse: EmbeddedClickHouse = await clickhouseOnce()
  const postgres = await startPostgres(deps)

  return {
    brokers,
    postgres,
    clickhouseUrl: () => clickhouse.url,
    diskCannotFill,
    async killClickHouse() {
      process.kill(clickhouse.pid, 'SIGKILL')
      await clickhouse.close().catch(() => undefined)
      clickhouse = await sameAddress(
        clickhouse.url,
        () => again('ClickHouse', clickhouseOnce, deps),
        started => started.url,
      )
    },
    async stopClickHouse(ms) {
      await clickhouse.close()
      await clock.sleep(ms)
      clickhouse = await sameAddress(
        clickhouse.url,
        () => again('ClickHouse', clickhouseOnce, deps),
        started => started.url,
      )
    },
    async fillDisk(ms) {
      const filler = join(clickhouseDir, 'filler')
      fill(filler, clickhouseDir)
      await clock.sleep(ms)
      rmSync(filler)
    },
    async close(keep) {
      await postgres.close()
      await clickhouse.close()
      await brokers.close()
      if (diskCannotFill !== undefined) return
      const kept = `${clickhouseDir}.kept`
      if (keep) execFileSync('cp', ['-a', clickhouseDir, kept])
      execFileSync('umount', ['-l', clickhouseDir])
      if (!keep) return
      rmSync(clickhouseDir, { recursive: true })
      renameSync(kept, clickhouseDir)
    },
  }
}

/** Piece by piece until nothing is left, but for a few pages. */
function fill(file: string, directory: string): void {
  const piece = Buffer.alloc(FILL_BYTES)
  const open = openSync(file, 'w')
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(directory)
      const bytes = Math.min(piece.length, bavail * bsize - 64 * 1024)
      if (bytes <= 0) return
      writeSync(open, piece, 0, bytes)
    }
  } catch (error) {
    // Somebody else was quicker: it is full.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(open)
  }
}

/** Puts a small file system under the directory. Answers why not, where that is not allowed. */
function mountSmall(directory: string, megabytes: number): string | undefined {
  mkdirSync(directory, { recursive: true })
  if (readdirSync(directory).length > 0) return 'there are data already'
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `a small file system cannot be mounted: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`
  }
}
