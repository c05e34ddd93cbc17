/** The broker and ClickHouse of the run: stopped, killed and started again on the same data and ports. */

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../src/clock.ts'
import { cacheDirectory } from '../src/config.ts'
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from '../src/embedded/clickhouse.ts'
import { type EmbeddedKafka, startEmbeddedKafka } from '../src/embedded/kafka.ts'

const HEAP_MB = 512
/** Of the small file system that ClickHouse's data are on, where mounting is allowed; and more for each minute. */
const DISK_MB = { first: 900, perMinute: 60 }
const FILL_BYTES = 8 * 1024 * 1024

export interface FaultyBackends {
  kafka(): EmbeddedKafka
  clickhouseUrl(): string
  killBroker(): Promise<void>
  /** Away for so long, and for as long as it takes to start. */
  stopBroker(ms: number): Promise<void>
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
  clock: Clock
  say(sentence: string): void
}): Promise<FaultyBackends> {
  const { dataDir, clock, say } = deps
  const logger = { info: () => undefined, warn: say }
  const clickhouseDir = join(dataDir, 'clickhouse')
  const diskCannotFill = mountSmall(clickhouseDir, DISK_MB.first + Math.ceil(DISK_MB.perMinute * deps.minutes))
  const kafkaOnce = () =>
    startEmbeddedKafka({ dataDir, cacheDir: cacheDirectory(), heapMb: HEAP_MB, profile: 'test', logger, onExit: () => undefined })
  const clickhouseOnce = () => startEmbeddedClickHouse({ dataDir, logger, onExit: () => undefined })
  let kafka = await kafkaOnce()
  let clickhouse: EmbeddedClickHouse = await clickhouseOnce()

  async function again<T>(what: string, start: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await start()
      } catch (error) {
        if (tries === 10) throw error
        say(`${what} does not start: ${(error as Error).message}`)
        await clock.sleep(1_000)
      }
    }
  }

  return {
    kafka: () => kafka,
    clickhouseUrl: () => clickhouse.url,
    diskCannotFill,
    async killBroker() {
      process.kill(kafka.pid, 'SIGKILL')
      await kafka.close().catch(() => undefined)
      kafka = await sameAddress(
        kafka.brokers.join(),
        () => again('Kafka', kafkaOnce),
        started => started.brokers.join(),
      )
    },
    async stopBroker(ms) {
      await kafka.close()
      await clock.sleep(ms)
      kafka = await sameAddress(
        kafka.brokers.join(),
        () => again('Kafka', kafkaOnce),
        started => started.brokers.join(),
      )
    },
    async killClickHouse() {
      process.kill(clickhouse.pid, 'SIGKILL')
      await clickhouse.close().catch(() => undefined)
      clickhouse = await sameAddress(
        clickhouse.url,
        () => again('ClickHouse', clickhouseOnce),
        started => started.url,
      )
    },
    async stopClickHouse(ms) {
      await clickhouse.close()
      await clock.sleep(ms)
      clickhouse = await sameAddress(
        clickhouse.url,
        () => again('ClickHouse', clickhouseOnce),
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
      await clickhouse.close()
      await kafka.close()
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

/** The processes know one address. Another program on the machine may have taken the port meanwhile: that says nothing about the platform. */
async function sameAddress<T>(before: string, start: () => Promise<T>, addressOf: (started: T) => string): Promise<T> {
  const started = await start()
  if (addressOf(started) !== before) throw new PortTaken(`another program has taken the port of ${before}: run it again`)
  return started
}

export class PortTaken extends Error {}

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
