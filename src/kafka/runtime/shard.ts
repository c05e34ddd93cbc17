/**
 * One shard of one role on this process.
 *
 *     closed ──open──► opening (writer fences the last holder) ──► restoring (state read up to a barrier) ──► running
 *       ▲                                                                                                      │
 *       └────────────── drop ◄───────────── any failed commit, fault or fencing: reopen, everything from the changelog ◄──┘
 *
 * While one transaction commits the next one fills; there is no timer. Nothing is ever undone in memory: after a failure the state is read
 * again, because a commit whose answer is lost may have happened.
 */
import type { Clock, Random, Timer } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import type { Gap, LogReader, LogRecord, OutRecord, Processor, ShardHandle, ShardTask } from '../ports.ts'
import { encodedBytesMax } from '../protocol/record-batch.ts'
import type { KafkaSettings } from '../protocol/wire.ts'
import type { ReaderWatch } from '../read/reader-watch.ts'
import { CommitFailed, openTransactionalWriter, type TransactionalWriter } from '../write/transactional-writer.ts'
import { createInputQueue } from './input-queue.ts'
import { createRestore, type Restore } from './restore.ts'
import { createSuspects } from './suspects.ts'

const INPUT_RECORDS_MAX = 2_000
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024
/** Records given to the task in one call: bounds how long the event loop is held. */
const SLICE_RECORDS = 125
const REOPEN_PAUSE_MS = { first: 50, most: 5_000 }

export interface ShardMetrics {
  transaction(role: string, shard: number, seconds: number, records: number): void
  /** It is running, so long after it began to open. */
  opened?(role: string, shard: number, seconds: number): void
  reopened(role: string, shard: number, reason: string): void
  /** The group has given this process these shards. */
  assigned(role: string, shards: number): void
  /** Who watches the log readers. */
  readers?: ReaderWatch
}

export interface Shard {
  open(): void
  running(): boolean
  onRecords(topic: string, partition: number, records: LogRecord[], nextOffset: number): void
  onReplaced(topic: string, partition: number): void
  onGap(topic: string, partition: number, gap: Gap): void
  /** Lets work under way end and commit. */
  drain(): Promise<void>
  /** Stops at once. */
  drop(): Promise<void>
}

/** One life of a shard: from one opening of its writer to its end. */
interface Life {
  writer: TransactionalWriter | undefined
  task: ShardTask
  filling: OutRecord[]
  fillingBytes: number
  fillingInputs: number
  /** Of the last transaction. */
  lastInputs: number
  dirty: boolean
  hurried: boolean
  committing: boolean
  /** When the last transaction was begun; monotonic. */
  begunAtMs: number
  restore: Restore
  running: boolean
  ended: boolean
}

export function createShard(deps: {
  kafka: KafkaSettings
  processor: Processor
  shard: number
  clock: Clock
  random: Random
  logger: Logger
  metrics: ShardMetrics
  reader: LogReader
  /** When the lease on this shard was last confirmed; -1: it is not held. */
  leaseConfirmedAtMs(): number
}): Shard {
  const { processor, shard: number, clock, reader } = deps
  const { role } = processor
  const logger = deps.logger.child({ shard: number })
  const inputs = createInputQueue(reader, processor.partitionShareMax)
  const suspects = createSuspects()
  let life: Life | undefined
  let dropped = false
  let draining = false
  let failures = 0
  let reopenTimer: Timer | undefined
  let paceTimer: Timer | undefined

  function open(): void {
    if (dropped) return
    const born: Life = {
      writer: undefined,
      task: undefined as unknown as ShardTask,
      filling: [],
      fillingBytes: 0,
      fillingInputs: 0,
      lastInputs: 0,
      dirty: false,
      hurried: false,
      committing: false,
      begunAtMs: Number.NEGATIVE_INFINITY,
      restore: createRestore({ ...deps, stateTopics: processor.stateTopics, partition: number, take: record => born.task.restore(record) }),
      running: false,
      ended: false,
    }
    born.task = processor.open(handleOf(born))
    life = born
    start(born).catch(error => end(born, error))
  }

  async function start(born: Life): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    const transactionalId = `${role}-${number}`
    const writer = await openTransactionalWriter({ kafka: deps.kafka, transactionalId, clock, logger })
    if (born.ended) return writer.close()
    born.writer = writer
    await born.restore.run(writer)
    if (born.ended) return
    await born.task.start()
    if (born.ended) return
    born.running = true
    failures = 0
    const tookMs = clock.monotonicMs() - startedAtMs
    deps.metrics.opened?.(role, number, tookMs / 1000)
    logger.debug({ ms: Math.round(tookMs) }, 'shard running')
    pump(born)
  }

  function handleOf(born: Life): ShardHandle {
    return {
      role,
      shard: number,
      write(records, hurried = false) {
        if (born.ended) return
        for (const record of records) {
          born.filling.push(record)
          born.fillingBytes += encodedBytesMax(record)
        }
        born.dirty = true
        born.hurried ||= hurried
        schedule(born)
      },
      assign: (topic, partition, from, known) => {
        if (!born.ended) inputs.assign(topic, partition, from, known)
      },
      position: (topic, partition) => inputs.position(topic, partition),
      unassign(topic, partition) {
        suspects.forget(topic, partition)
        inputs.unassign(topic, partition)
      },
      pause: (topic, partition) => inputs.hold(topic, partition),
      resume(topic, partition) {
        inputs.release(topic, partition)
        schedule(born)
      },
      fail: error => end(born, error),
    }
  }

  let scheduled = false
  function schedule(born: Life): void {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      pump(life ?? born)
    })
  }

  /** Fills the transaction as far as its bounds allow, and commits it if none is under way. */
  function pump(born: Life): void {
    if (!born.running || born.ended) return
    try {
      fill(born)
    } catch (error) {
      end(born, error)
      return
    }
    if (!born.dirty && !born.committing) {
      inputs.renew()
      // Full of what has had no output yet: committed as it is, for the rest not to wait for some.
      if (born.fillingInputs >= INPUT_RECORDS_MAX) born.dirty = true
    }
    if (born.dirty && !born.committing && inPace(born)) void commit(born)
    if (mayTake(born)) schedule(born)
  }

  /** Whether the next transaction may begin; else it will be looked at again when it may. */
  function inPace(born: Life): boolean {
    const { commitPaceMs = 0, commitPaceFrom = 0 } = processor
    if (draining || born.hurried || !hasRoom(born) || born.lastInputs < commitPaceFrom) return true
    const waitMs = born.begunAtMs + commitPaceMs - clock.monotonicMs()
    if (waitMs <= 0) return true
    paceTimer ??= clock.after(waitMs, () => {
      paceTimer = undefined
      if (life) pump(life)
    })
    return false
  }

  function hasRoom(born: Life): boolean {
    if (born.fillingInputs >= INPUT_RECORDS_MAX || born.fillingBytes >= OUTPUT_BYTES_MAX) return false
    // A lone record that has had no output will not be committed: nothing waits for it.
    return !suspects.alone() || (!born.dirty && !born.committing)
  }

  /** Whether there is something to take now, and room for it; a suspect only once all before it has been committed. */
  function mayTake(born: Life): boolean {
    if (draining || !inputs.ready()) return false
    return suspects.any() ? !born.dirty && !born.committing : hasRoom(born)
  }

  function fill(born: Life): void {
    if (!mayTake(born)) return
    if (suspects.any()) {
      fillOne(born)
      return
    }
    const taken = inputs.take(Math.min(SLICE_RECORDS, INPUT_RECORDS_MAX - born.fillingInputs))
    if (!taken) return
    suspects.note(taken.topic, taken.partition, taken.nextOffset)
    born.fillingInputs += taken.records.length
    born.task.receive(taken.records, taken.nextOffset, false)
  }

  /** After a transaction failed on its records, one record at a time until the one at fault is found. */
  function fillOne(born: Life): void {
    const taken = inputs.take(1)
    if (!taken) return
    const isolated = suspects.enter(taken.topic, taken.partition, taken.nextOffset)
    born.task.receive(taken.records, taken.nextOffset, isolated)
  }

  async function commit(born: Life): Promise<void> {
    born.committing = true
    const startedAtMs = clock.monotonicMs()
    born.begunAtMs = startedAtMs
    try {
      const records = born.filling.concat(born.task.seal())
      suspects.sealed()
      inputs.renew()
      born.filling = []
      born.fillingBytes = 0
      born.lastInputs = born.fillingInputs
      born.fillingInputs = 0
      born.dirty = false
      born.hurried = false
      await born.writer!.commit(records)
      deps.metrics.transaction(role, number, (clock.monotonicMs() - startedAtMs) / 1000, records.length)
    } catch (error) {
      end(born, error)
      return
    }
    born.committing = false
    suspects.committed()
    if (born.ended) return
    born.task.committed?.()
    pump(born)
  }

  /** This life is over; whether another one begins depends on the lease. */
  function end(born: Life, error: unknown): void {
    if (born.ended) return
    born.ended = true
    const wasOpen = born.running
    born.running = false
    inputs.clear()
    born.restore.abandon()
    born.task.close()
    void born.writer?.close().catch(() => undefined)
    if (dropped) return
    const outcome = error instanceof CommitFailed ? error.outcome : 'fault'
    if (processor.isolatesRecords && (outcome === 'refused' || outcome === 'fault')) suspects.failed()
    else suspects.forgive()
    // What keeps a shard from being opened is mostly that the broker is away: no fault of what it does.
    deps.metrics.reopened(role, number, outcome === 'fault' && !wasOpen ? 'unopened' : outcome)
    logger.warn(
      { outcome, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      'shard stopped; opening it again',
    )
    reopenSoon(outcome === 'fenced' ? clock.monotonicMs() : undefined)
  }

  /** Fenced means that another process thought it held the shard: open again only when the group has confirmed us since. */
  function reopenSoon(fencedAtMs: number | undefined): void {
    const pauseMs = Math.min(REOPEN_PAUSE_MS.first * 2 ** failures++, REOPEN_PAUSE_MS.most) * (0.5 + deps.random.uniform())
    reopenTimer = clock.after(pauseMs, () => {
      if (dropped) return
      if (fencedAtMs !== undefined && deps.leaseConfirmedAtMs() <= fencedAtMs) reopenSoon(fencedAtMs)
      else open()
    })
  }

  /** Reading has gone back to offsets that name other records now. */
  function turnBack(topic: string, partition: number): void {
    const current = life
    if (!current || current.ended) return
    suspects.forget(topic, partition)
    if (current.restore.reads(topic)) end(current, new Error(`state topic ${topic}/${partition} was cut or made anew while it was read`))
    else current.task.turnedBack?.(topic, partition)
  }

  return {
    open,
    running: () => life?.running ?? false,
    onRecords(topic, partition, records, nextOffset) {
      const current = life
      if (!current || current.ended) return
      if (current.restore.reads(topic)) {
        try {
          current.restore.onRecords(topic, records)
        } catch (error) {
          end(current, error)
        }
        return
      }
      inputs.push(topic, partition, records, nextOffset)
      schedule(current)
    },
    onReplaced: turnBack,
    onGap(topic, partition, { reason }) {
      if (reason === 'truncated') turnBack(topic, partition)
      else suspects.forget(topic, partition)
    },
    async drain() {
      draining = true
      const current = life
      if (!current?.running) return
      await current.task.drain?.()
      while (!current.ended && (current.dirty || current.committing)) {
        if (current.dirty && !current.committing) void commit(current)
        await clock.sleep(1)
      }
    },
    async drop() {
      dropped = true
      reopenTimer?.cancel()
      paceTimer?.cancel()
      const current = life
      if (!current) return
      if (!current.ended) end(current, new Error('dropped'))
    },
  }
}
