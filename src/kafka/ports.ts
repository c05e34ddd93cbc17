/**
 * What the rest of Clarion sees of Kafka. Implementations stand beside this file; only they know the client library.
 */
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
  /** Of the leader that wrote it: with the offset it names the record, whatever becomes of the log. Absent in a record that was not read from one. */
  leaderEpoch?: number
  /** What it takes in the log, unpacked; absent in a record that was not read from one. */
  sizeBytes?: number
  /** Why the bytes of its batch cannot be read; key, value and headers are empty then. */
  undecodable?: string
}

/** A record to be written. The partition is always spelled out. */
export interface OutRecord {
  topic: string
  partition: number
  key: Buffer | string | null
  value: Buffer | string | null
  headers?: ReadonlyArray<readonly [string, Buffer | string]>
}

/** Where a written record landed. */
export interface Place {
  offset: number
  /** Broker append time where the topic has LogAppendTime, else -1. */
  timestampMs: number
}

/**
 * Appends records outside any transaction, idempotently and in order per partition; calls made together share one request.
 * Rejects with `AppendFailed` when the broker did not acknowledge: the record may or may not be there.
 */
export interface Appender {
  append(record: OutRecord): Promise<Place>
  close(): Promise<void>
}

/** What is known of the record before a position: stored beside it, so that a topic that was made anew, or a log that was cut, is noticed. */
export interface KnownPosition {
  /** 32 hex digits. Another id of the topic than this: it was deleted and made again, and the position is worth nothing. */
  topicId?: string
  /** Leader epoch of the record. Without it, a position beyond the end of a log is waited at. */
  leaderEpoch?: number
}

export const WAIT_REASONS = ['no_leader', 'unknown_topic', 'unauthorized', 'unreachable', 'beyond_end'] as const
export type WaitReason = (typeof WAIT_REASONS)[number]

/** A partition that cannot be read now. It is read on by itself as soon as it can be. */
export interface Waiting {
  topic: string
  partition: number
  /** Since when, on the monotonic clock. */
  sinceMs: number
  reason: WaitReason
}

/**
 * Reading went on at `to`, not at `from`. `retention`: what was between is deleted. `truncated`: the log was cut, what was read from `to` on is not
 * in it any more, and other records may come to be there.
 */
export interface Gap {
  from: number
  to: number
  reason: 'retention' | 'truncated'
}

/** Reads partitions by hand-set positions, committed records only, until they are unassigned. */
export interface LogReader {
  /** Starts reading `from` that offset (`earliest`: from the first that is there; `latest`: from the end there is when it is found). */
  assign(topic: string, partition: number, from: number | 'earliest' | 'latest', known?: KnownPosition): void
  /** Of the last record handed out, leader epoch -1 where it is not known; undefined: it is not assigned, or its topic was not found yet. */
  position(topic: string, partition: number): Required<KnownPosition> | undefined
  /** What it cannot read now. */
  waiting(): Waiting[]
  unassign(topic: string, partition: number): void
  /** `briefly`: it is to go on within milliseconds of its `resume`, although a fetch of other partitions is under way. */
  pause(topic: string, partition: number, briefly: boolean): void
  resume(topic: string, partition: number): void
  close(): Promise<void>
}

/** What a log reader tells its owner. `nextOffset` is where reading goes on (beyond markers and aborted records). */
export interface LogReaderEvents {
  onRecords(topic: string, partition: number, records: LogRecord[], nextOffset: number): void
  /** The topic was deleted and made again: reading has gone on at the new one's start. */
  onReplaced?(topic: string, partition: number, ids: { was: string; is: string }): void
  onGap?(topic: string, partition: number, gap: Gap): void
  /** A fault that the reader does not get over by itself. */
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
  /** It has lasted for two seconds: the organization is paused, and hears of it. */
  isPaused: boolean
}

/**
 * One shard of one role, as its processor sees it. Everything given to `write` between two seals commits in one Kafka transaction,
 * together with what `seal` answers; nothing of it is visible before.
 */
export interface ShardHandle {
  readonly role: string
  readonly shard: number
  /**
   * Adds records to the transaction being filled and makes sure that it will be committed, at once if none is under way. `flushNow`: somebody waits
   * for it, the role's pace does not count.
   */
  write(records: OutRecord[], flushNow?: boolean): void
  /** Starts reading an input partition. `known`: as stored with the position. */
  assign(topic: string, partition: number, from: number | 'earliest', known?: KnownPosition): void
  /** Of the records received last, to be stored with the position; undefined: none were. */
  position(topic: string, partition: number): Required<KnownPosition> | undefined
  unassign(topic: string, partition: number): void
  /**
   * Puts records of the task's own state among its inputs, under a name that is read from nowhere. They are received in turn, each once a session, until
   * that name is unassigned. Offsets ascend.
   */
  offer(topic: string, partition: number, records: LogRecord[]): void
  /**
   * Back-pressure on one input: no further `receive` for it until resumed. `left`: so many of the records that are being received, the last ones,
   * count as not received, and come again first.
   */
  pause(topic: string, partition: number, left?: number): void
  resume(topic: string, partition: number): void
  /** Whether this topic of an organization cannot be written to now, as far as is known without trying. */
  unavailable(topic: string): Unavailable | undefined
  /** Topics whose organizations are paused. */
  pausedTopics(): Unavailable[]
  /**
   * False once the lease of this shard is lost, or its session has ended: no request, insert or commit may begin, since another process may do the
   * same. Cheap: numbers compared.
   */
  isHeld(): boolean
  /** Age of the oldest output of this shard that has not been committed, ms; 0 when there is none. Cheap. */
  uncommittedForMs(): number
  /** Gives the shard up because this process is at fault: everything uncommitted is dropped, and the shard is opened again from its state. */
  fail(error: Error): void
}

/**
 * A processor's work on one shard. Calls never overlap. Order: `restore` (each record of each state partition), `start`, then `receive`
 * and `seal` in turns, `close` at the end. After a failed commit the task is closed and a new one is made and restored.
 */
export interface ShardTask {
  restore(record: LogRecord): void
  /** State is complete; assign the inputs. */
  start(): void | Promise<void>
  /**
   * Input. `isolated`: this single record made a transaction fail twice on its own; it must be settled without the output that
   * cannot be written.
   */
  receive(records: LogRecord[], nextOffset: number, isolated: boolean): void
  /** Called once per transaction, last: state records that bring the changelog to this point. */
  seal(): OutRecord[]
  /** The transaction sealed last has committed. */
  committed?(): void
  /**
   * Nothing of what was sealed last, nor of what came after it, is in the log or ever will be: the state is to be as it was at the last commit. The
   * inputs since then are received again. A task without it is opened anew and restored.
   */
  rollback?(): void
  /** The organization of this topic is paused, or is so no longer (`ShardHandle.pausedTopics`). */
  pausesChanged?(topic: string): void
  /** What ails it, in a sentence, though it goes on; for `/ready`. */
  degraded?(): string | undefined
  /** Stop new work; resolves when work under way has ended (at most the drain time). Writes made meanwhile still commit. */
  drain?(): Promise<void>
  close(): void
}

/** A consumer group's worth of work: leased by shard, run on any number of processes. */
export interface Processor {
  /** Role, consumer group, metric label: one name. */
  role: string
  /** Compacted topics, partitioned by shard, whose partition is read into `restore` before `start`. */
  stateTopics: string[]
  /** Whether its input may wait for more of it (half a second at most): for work that goes by rounds anyway. */
  patient?: boolean
  /**
   * Least time from the start of one transaction to that of the next, ms, unless there is enough for a full one: for a role on whose commits
   * nobody waits. Without it a shard commits whenever it can.
   */
  commitPaceMs?: number
  /** Inputs of the last transaction from which on the pace counts: below it there is nothing to gather, and somebody waits. None by default. */
  commitPaceFrom?: number
  /**
   * Most records of one input partition in one transaction: for a role whose inputs belong to different organizations, so that one's flood does
   * not make the transaction long that another's lone record waits for. No bound by default.
   */
  partitionShareMax?: number
  /** Most bytes of one input partition in one fetch, for the same reason. */
  partitionFetchBytesMax?: number
  /** What holds for the batches of a topic that others than the platform write to; undefined for all other topics. */
  foreign?: (topic: string) => ForeignBatches | undefined
  /**
   * Whether it has effects that its transactions do not hold (requests, inserts). Its sessions end when the lease is lost and begin again when it
   * is confirmed; others work on until another process fences them.
   */
  actsOutside?: boolean
  /**
   * The organization's topic that what comes in by this input is written to: while it cannot be, the input is not taken, and a transaction that fails
   * on it alone is rolled back. Undefined: the input belongs to no single organization. Absent: nobody is paused.
   */
  pausesOn?(input: string): string | undefined
  /** Whether a record that fails a transaction is looked for and handed on as isolated (`receive`). */
  isolatesRecords?: boolean
  open(handle: ShardHandle): ShardTask
}
