/** Types of streams of events. */
import type { StoredEvent } from './types-reading.ts'

export interface StreamQuery {
  /** Selectors, at most 100. */
  types: string | readonly string[]
  subject?: string
  /** One group of conditions. */
  filter?: string | object
  /** Where to start if `place` has nothing: `latest` (default), `earliest`, a time or a cursor. */
  from?: string
  /** A time or a cursor: the stream ends there. */
  until?: string
  includeLifecycle?: boolean
  /** Where retention has passed the place: `fail` (default) throws, `continue` goes on from the oldest event. */
  onExpired?: 'fail' | 'continue'
  /** A new stream of the same key and name ends the older one, such as one that a broken connection has left behind. */
  client?: string
}

/** Where a reader has come to, kept from one run to the next. */
export interface PlaceStore {
  /** Undefined: nothing is kept yet. */
  load(): Promise<string | undefined> | string | undefined
  save(cursor: string): Promise<void> | void
}

export interface StreamOptions {
  signal?: AbortSignal
  /** Loaded at the start, and saved behind each event when the loop takes the next one: an unfinished event comes again. */
  place?: PlaceStore
  /** Connected: at the start, and again after an interruption. */
  onOpen?(cursor: string): void
  /** The connection is gone, or could not be made; it is tried again. */
  onAway?(error: Error, retryInMs: number): void
  /** Events before the place were deleted (`onExpired: 'continue'`). */
  onGap?(gap: { earliestCursor: string; lostEvents: number | null }): void
}

/** Events as they come. It has no end, unless `until` is given or the loop is left. */
export interface EventStream extends AsyncIterableIterator<StoredEvent> {
  /** Behind the last event that was finished; undefined before the start is known. */
  readonly cursor: string | undefined
  /** The event at hand is finished: for a loop that is left with it. */
  commit(): Promise<void>
}

export interface OpenStream {
  id: string
  keyId: string
  environment: 'live' | 'test'
  client: string | null
  transport: 'sse' | 'ndjson' | 'websocket'
  types: string[]
  openedAt: string
  behindEvents: number
  unsentBytes: number
}

export interface NewStreamToken {
  types: string | readonly string[]
  subject?: string
  filter?: object
  /** Default 3,600, at most 43,200. */
  ttlSeconds?: number
  /** Pages that may read with it, such as `https://app.example.com`. */
  allowedOrigins?: readonly string[]
}

export interface StreamToken {
  token: string
  /** It opens streams until then, and resumes them until it expires. */
  openUntil: string
  expiresAt: string
}
