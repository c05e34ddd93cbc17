/** The parts of the hub as they see each other: connections, their sockets, their readers, and logs. */
import type { Transport } from '../../../topics/streams-presence.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { Owner } from '../../model/environments.ts'
import type { Log } from '../resume.ts'
import type { Selection } from '../selection.ts'
import type { Frames } from './frames.ts'
import type { RingPage } from './ring.ts'

export const END_REASONS = [
  'until_reached',
  'server_drain',
  'revoked',
  'slow_consumer',
  'token_expired',
  'cursor_expired',
  'replaced',
] as const
export type EndReason = (typeof END_REASONS)[number]

/** The socket of one connection. No method throws, and none of them calls back in the same turn. */
export interface Sink {
  /** Several frames at once. False: the socket is full, and `onWritable` of the connection follows. */
  write(frames: readonly Buffer[]): boolean
  /** Bytes that were written and that the socket has not taken. */
  unsentBytes(): number
  /** A number that changes whenever the peer has taken bytes. */
  progress(): number
  /** The name of its socket to the system (`unacknowledged.ts`); undefined where the transport asks its peer itself. */
  readonly socketId: string | undefined
  /** Writes the last frames, and closes the connection when the peer has taken them, or after five seconds. */
  end(last: readonly Buffer[], reason: EndReason): void
  /** Cuts the connection. */
  destroy(): void
}

/** The owner of a connection. */
export interface Subscriber extends Owner {
  keyId: string
  /** Of a connection that a stream token opened. */
  token?: { id: string; expiresAtMs: number } | undefined
  /** Of a connection of the console: it is not on the plan, and `keyId` begins with `SESSION_STREAMS`. */
  session?: { isValid(): boolean } | undefined
}

/** Before the key or link that a session belongs to. */
export const SESSION_STREAMS = 'session/'
/** Streams of the console that one key or link may have; one more ends the oldest. */
export const SESSION_STREAMS_MAX = 3

export interface ConnectionFacts {
  id: string
  subscriber: Subscriber
  /** A later connection of the same key with this name replaces it. */
  client: string | undefined
  transport: Transport
  openedAtMs: number
}

export interface Connection extends ConnectionFacts {
  readonly readers: Set<Reader>
  readonly isEnded: boolean
  readonly socketId: string | undefined
  /** Whether one more event may be written now. */
  admits(): boolean
  /** Adds the frame of an event to those that `flush` writes. */
  push(frame: Buffer): void
  /** Writes a frame that is no event: no rate applies. */
  notice(frame: Buffer): void
  flush(): void
  /** The socket has taken what it had. */
  onWritable(): void
  /** The peer has closed. */
  onClose(): void
  /** `frames`: those of the end; a WebSocket ends its subscriptions one by one. */
  end(reason: EndReason, facts?: EndFacts): void
  /** Cuts it without a frame: a fault of ours, or the peer is gone. */
  destroy(reason: string): void
  setEventsPerSecond(rate: number): void
  /** Once a second: heartbeats, stalled sockets, what waits for the budget. */
  tick(nowMs: number): void
  unsentBytes(): number
  /** So many bytes are on their way to its peer. */
  onUnacknowledged(bytes: number, nowMs: number): void
}

export interface EndFacts {
  retryMs?: number
  [fact: string]: unknown
}

export interface Reader {
  readonly connection: Connection
  readonly question: Selection
  readonly frames: Frames
  /** Behind each cursor, for streams of a token. */
  readonly tag: string
  /** Equal for readers whose frames of one event are equal. */
  readonly frameKey: string
  /** A record that matches its question. */
  onEvent(event: LiveEvent): void
  /** It reads pages from its place on. */
  fallBehind(): void
  /** Goes on reading, if it is behind and may write. */
  wake(): void
  tick(nowMs: number, isIdle: boolean): void
  /** The client has everything up to this cursor; false: it is none that waits. */
  acknowledge(cursor: string): boolean
  cursor(): string
  /** By offsets. */
  behindEvents(): number
  endFrame(reason: EndReason, facts: Record<string, unknown>, retryMs: number | undefined): Buffer
  close(): void
}

export interface FollowedLog {
  readonly log: Log
  /** Where the tail has come to, by partition; changes while records are handed out. */
  readonly offsets: readonly number[]
  /** Of the last event before them; 0: not known. */
  readonly sequence: number
  cursorAt(offsets: readonly number[], sequence: number): string
  /** Of the record that is being handed out, and the same for all live readers. */
  liveCursor(): string
  /** From the ring, the page cache or Kafka. Throws as `PageCache.read`. */
  page(partition: number, offset: number): Promise<RingPage>
  /** The same, past the ring: what is committed now. */
  freshPage(partition: number, offset: number): Promise<RingPage>
  /** A live reader gets records by `onRecord`. */
  join(reader: Reader): void
  leave(reader: Reader): void
  /** A reader that must be woken when there is more, and is not live: it reads to a bound. */
  watch(reader: Reader): void
  grow(partitions: number): void
  close(): void
}

/** Shared by all live readers while one record is handed out. */
export interface LiveEvent {
  record: LogRecord
  partition: number
  cursor(): string
  /** `reader.frameKey` distinguishes frames. */
  frame(reader: Reader): Buffer
}

/** Counts events that were written to a socket. */
export interface StreamMeter {
  count(owner: Owner, events: number): void
}
