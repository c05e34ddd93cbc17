/**
 * New records of logs, for all readers of the process at once: one log reader over the logs that somebody follows now.
 * A log is read from where its first follower has come to, and let go half a minute after its last one. A follower
 * that is elsewhere reads pages until it is where the tail is.
 */
import type { Clock, Timer } from '../clock.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { KafkaSettings } from '../kafka/protocol/wire.ts'
import { createLogReader } from '../kafka/read/log-reader.ts'
import type { ReaderWatch } from '../kafka/read/reader-watch.ts'
import type { Logger } from '../logger.ts'

/** Consecutive records of a partition: all that are committed from `from` up to `nextOffset`. */
export interface Batch {
  partition: number
  from: bigint
  records: LogRecord[]
  nextOffset: bigint
}

export interface Follower {
  onBatch(batch: Batch): void
  /** The tail has passed over records, or reads another log now: followers read pages, which say what is missing. */
  onGap(): void
}

export interface Following {
  /** The next offsets that the tail will hand out, by partition. */
  positions(): readonly bigint[]
  /** The log has more partitions now; they are read from their start. */
  grow(partitions: number): void
  stop(): void
}

export interface Tail {
  /** `offsets`: where the follower has come to; the tail starts there if nobody follows this log yet. */
  follow(topic: string, offsets: readonly bigint[], follower: Follower): Following
  /** Logs that are read now. */
  readonly awake: number
  close(): Promise<void>
}

const LET_GO_AFTER_MS = 30_000

interface Awake {
  positions: bigint[]
  followers: Set<Follower>
  idle: Timer | undefined
}

export function createTail(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  watch?: ReaderWatch
  onFatal(error: Error): void
}): Tail {
  const { clock, logger } = deps
  const logs = new Map<string, Awake>()
  const reader = createLogReader({
    ...deps,
    events: {
      onRecords(topic, partition, records, nextOffset) {
        const log = logs.get(topic)
        if (log === undefined) return
        const from = log.positions[partition]!
        log.positions[partition] = BigInt(nextOffset)
        each(topic, log, follower => follower.onBatch({ partition, from, records, nextOffset: BigInt(nextOffset) }))
      },
      onGap: (topic, partition, { to }) => moved(topic, partition, BigInt(to)),
      onReplaced: (topic, partition) => moved(topic, partition, 0n),
      onFatal: deps.onFatal,
    },
  })

  /** A follower that fails ends alone: the others get their records. */
  function each(topic: string, log: Awake, call: (follower: Follower) => void): void {
    for (const follower of [...log.followers]) {
      try {
        call(follower)
      } catch (error) {
        logger.error({ topic, err: error }, 'a follower of a log failed and is left out')
        leave(topic, log, follower)
      }
    }
  }

  function leave(topic: string, log: Awake, follower: Follower): void {
    if (!log.followers.delete(follower) || log.followers.size > 0) return
    log.idle = clock.after(LET_GO_AFTER_MS, () => letGo(topic, log))
  }

  function moved(topic: string, partition: number, to: bigint): void {
    const log = logs.get(topic)
    if (log === undefined) return
    log.positions[partition] = to
    each(topic, log, follower => follower.onGap())
  }

  function grow(topic: string, log: Awake, offsets: readonly bigint[]): void {
    for (let partition = log.positions.length; partition < offsets.length; partition++) {
      const offset = offsets[partition]!
      log.positions.push(offset)
      reader.assign(topic, partition, Number(offset))
    }
  }

  function letGo(topic: string, log: Awake): void {
    logs.delete(topic)
    for (const partition of log.positions.keys()) reader.unassign(topic, partition)
  }

  return {
    follow(topic, offsets, follower) {
      const log: Awake = logs.get(topic) ?? { positions: [], followers: new Set(), idle: undefined }
      logs.set(topic, log)
      log.idle?.cancel()
      log.idle = undefined
      grow(topic, log, offsets)
      log.followers.add(follower)
      return {
        positions: () => log.positions,
        grow: partitions =>
          grow(
            topic,
            log,
            Array.from({ length: partitions }, () => 0n),
          ),
        stop: () => leave(topic, log, follower),
      }
    },
    get awake() {
      return logs.size
    },
    async close() {
      for (const log of logs.values()) log.idle?.cancel()
      logs.clear()
      await reader.close()
    },
  }
}
