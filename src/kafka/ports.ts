/** Kafka as the rest of Clarion sees it. Only the files beside this one know the protocol. */
import type { ForeignBatches } from './protocol/record-batch.ts'

/** Header values by name; a repeated header keeps its last value. */
export type Headers = Record<string, Buffer>

/** A committed record as read. */
export interface LogRecord {
  topic: string
  partition: number
  offset: number
  /** Broker append time (LogAppendTime topics) or the producer's time, ms. */
  timestampMs: number
  key: Buffer | null
  value: Buffer | null
  headers: Headers
  /**
   * Of the leader that wrote it: with the offset it identifies the record, whatever happens to the log. Absent in a
   * record that was not read from one.
   */
  leaderEpoch?: number
  /** Its unpacked size in the log; absent in a record that was not read from one. */
  sizeBytes?: number
  /** Why the bytes of its batch cannot be read; key, value and headers are empty then. */
  undecodable?: string
}

/** A record to write. The partition is always explicit. */
export interface OutRecord {
  topic: string
  partition: number
  key: Buffer | string | null
  value: Buffer | string | null
  headers?: ReadonlyArray<readonly [string, Buffer | string]>
}

/** The position of a written record. */
export interface LogPosition {
  offset: number
  /** Broker append time where the topic has LogAppendTime, else -1. */
  timestampMs: number
}

/**
 * Appends records outside any transaction, idempotently and in order per partition; calls made together share one
 * request. Rejects with `AppendFailed` when the broker did not acknowledge: the record may or may not be there.
 */
export interface Appender {
  append(record: OutRecord): Promise<LogPosition>
  close(): Promise<void>
}

/**
 * Identity of the log before a position: stored beside it, to detect a topic that was made anew, or a log that was cut.
 */
export interface KnownPosition {
  /** 32 hex digits. If the topic has another id now, it was deleted and made again, and the position is void. */
  topicId?: string
  /** Leader epoch of the record. Without it, the reader waits at a position beyond the end of a log. */
  leaderEpoch?: number
}

export const WAIT_REASONS = ['no_leader', 'unknown_topic', 'unauthorized', 'unreachable', 'beyond_end'] as const
export type WaitReason = (typeof WAIT_REASONS)[number]

/** A partition that cannot be read now. Reading resumes by itself. */
export interface Waiting {
  topic: string
  partition: number
  /** Since when, on the monotonic clock. */
  sinceMs: number
  reason: WaitReason
}

/**
 * Reading continued at `to`, not at `from`. `retention`: the records between are deleted. `truncated`: the log was cut,
 * records read from `to` on are no longer in it, and others may follow there.
 */
export interface Gap {
  from: number
  to: number
  reason: 'retention' | 'truncated'
}

/** Reads partitions from explicit positions, committed records only, until they are unassigned. */
export interface LogReader {
  /**
   * Starts reading at that offset (`earliest`: the first that exists; `latest`: the end when the partition is located).
   */
  assign(topic: string, partition: number, from: number | 'earliest' | 'latest', known?: KnownPosition): void
  /**
   * Of the last record handed out, leader epoch -1 where it is not known; undefined: it is not assigned, or its topic
   * was not found yet.
   */
  position(topic: string, partition: number): Required<KnownPosition> | undefined
  /** The partitions that it cannot read now. */
  waiting(): Waiting[]
  unassign(topic: string, partition: number): void
  /** `briefly`: it must go on within milliseconds of its `resume`, even if a fetch of other partitions is under way. */
  pause(topic: string, partition: number, briefly: boolean): void
  resume(topic: string, partition: number): void
  close(): Promise<void>
}

/** Events of a log reader for its owner. `nextOffset` is where reading goes on (beyond markers and aborted records). */
export interface LogReaderEvents {
  onRecords(topic: string, partition: number, records: LogRecord[], nextOffset: number): void
  /** The topic was deleted and made again: reading continues at the start of the new one. */
  onReplaced?(topic: string, partition: number, ids: { was: string; is: string }): void
  onGap?(topic: string, partition: number, gap: Gap): void
  /** A fault from which the reader does not recover by itself. */
  onFatal(error: Error): void
}

export const UNAVAILABLE_REASONS = [
  'unknown_topic',
  'no_leader',
  'too_few_replicas',
  'unauthorized',
  'unreachable',
  'failing',
] as const
export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number]

/** A topic of one organization that cannot be written to now. */
export interface Unavailable {
  topic: string
  reason: UnavailableReason
  /** Monotonic. */
  sinceMs: number
  /** It has lasted for two seconds: the organization is paused and notified. */
  isPaused: boolean
}

/**
 * One shard of one role, as its processor sees it. All records given to `write` between two seals commit in one Kafka
 * transaction, together with those that `seal` returns; none is visible before.
 */
export interface ShardHandle {
  readonly role: string
  readonly shard: number
  /**
   * Adds records to the current transaction and schedules its commit, at once if none is under way. `flushNow`: a
   * caller waits for it, so the role's pace does not apply.
   */
  write(records: OutRecord[], flushNow?: boolean): void
  /** Starts reading an input partition. `known`: as stored with the position. */
  assign(topic: string, partition: number, from: number | 'earliest', known?: KnownPosition): void
  /** Of the records received last, to store with the position; undefined: none were. */
  position(topic: string, partition: number): Required<KnownPosition> | undefined
  unassign(topic: string, partition: number): void
  /**
   * Adds records of the task's own state to its inputs, under a name that is no topic. They are received in turn, each
   * once a session, until that name is unassigned. Offsets ascend.
   */
  offer(topic: string, partition: number, records: LogRecord[]): void
  /**
   * Back-pressure on one input: no further `receive` for it until resumed. `left`: the last ones of the records being
   * received that count as not received, and come again first.
   */
  pause(topic: string, partition: number, left?: number): void
  resume(topic: string, partition: number): void
  /** Whether this topic of an organization is known, without a request, to be unavailable for writing. */
  unavailable(topic: string): Unavailable | undefined
  /** Topics whose organizations are paused. */
  pausedTopics(): Unavailable[]
  /**
   * False once the lease of this shard is lost, or its session has ended: no request, insert or commit may begin, since
   * another process may do the same. Cheap: it compares numbers.
   */
  isHeld(): boolean
  /** Age of the oldest output of this shard that has not been committed, ms; 0 when there is none. Cheap. */
  uncommittedForMs(): number
  /**
   * Gives the shard up because of a fault in this process: everything uncommitted is dropped, and the shard is opened
   * again from its state.
   */
  fail(error: Error): void
}

/**
 * A processor's work on one shard. Calls never overlap. Order: `restore` (each record of each state partition),
 * `start`, then `receive` and `seal` in turns, `close` at the end. After a failed commit the task is closed and a new
 * one is created and restored.
 */
export interface ShardTask {
  restore(record: LogRecord): void
  /** State is complete; assign the inputs. */
  start(): void | Promise<void>
  /**
   * Input. `isolated`: this single record made a transaction fail twice on its own; it must be settled without the
   * output that cannot be written.
   */
  receive(records: LogRecord[], nextOffset: number, isolated: boolean): void
  /** Called once per transaction, last: returns the state records that update the changelog. */
  seal(): OutRecord[]
  /** The sealed transaction has committed. */
  committed?(): void
  /**
   * Neither the sealed changes nor later ones are in the log or ever will be: the task resets its state to the last
   * commit. The inputs since then are received again. A task without this method is opened anew and restored.
   */
  rollback?(): void
  /** The organization of this topic is paused, or available again (`ShardHandle.pausedTopics`). */
  pausesChanged?(topic: string): void
  /** A problem, as a sentence, that does not stop it; for `/ready`. */
  degraded?(): string | undefined
  /**
   * Stop new work; resolves when work under way has ended (at most the drain time). Writes made meanwhile still commit.
   */
  drain?(): Promise<void>
  close(): void
}

/** The work of a consumer group: leased by shard, run on any number of processes. */
export interface Processor {
  /** Role, consumer group, metric label: one name. */
  role: string
  /** Compacted topics, partitioned by shard, whose partition is read into `restore` before `start`. */
  stateTopics: string[]
  /** Whether fetches may wait for larger batches (half a second at most): for work that runs in rounds anyway. */
  allowBatching?: boolean
  /**
   * Minimum time from the start of one transaction to that of the next, ms, unless there is enough for a full one: for
   * a role whose commits no caller waits for. Without it a shard commits whenever it can.
   */
  commitPaceMs?: number
  /**
   * Minimum inputs of the last transaction for the pace to apply: with fewer there is nothing to gather, and a caller
   * waits. None by default.
   */
  commitPaceFrom?: number
  /**
   * Maximum records of one input partition in one transaction: for a role whose inputs belong to different
   * organizations, so that one's flood does not lengthen the transaction that another's single record waits for. No
   * limit by default.
   */
  partitionShareMax?: number
  /** Maximum bytes of one input partition in one fetch, for the same reason. */
  partitionFetchBytesMax?: number
  /**
   * The limits for batches of a topic that other producers than the platform write to; undefined for all other topics.
   */
  foreign?: (topic: string) => ForeignBatches | undefined
  /**
   * Whether it has effects outside its transactions (requests, inserts, appends). Its sessions end when the lease is lost and
   * begin again when it is confirmed; others work on until another process fences them.
   */
  actsOutside?: boolean
  /**
   * Whether a commit that is one batch of its first state topic is appended, and every other one is a transaction. The
   * epoch fences such appends only as long as brokers remember it: `actsOutside` belongs to it.
   */
  appends?: boolean
  /**
   * The organization's topic that this input is written to: while it is unavailable the input is not read, and a
   * transaction that fails on it alone is rolled back. Undefined: the input belongs to no single organization. Absent:
   * no organization is paused.
   */
  pausesOn?(input: string): string | undefined
  /** Whether a record that fails a transaction is isolated and handed on (`receive`). */
  isolatesRecords?: boolean
  open(handle: ShardHandle): ShardTask
}
