/** The hub, as the routes of streams, the presence of other processes and the metrics call it. */
import type { OpenStream } from '../../../topics/streams-presence.ts'
import type { Frames } from './frames.ts'
import type { Connection, ConnectionFacts, Sink } from './ports.ts'

export interface StreamHub {
  /** Counts a connection before it is open. Throws `stream_limit_exceeded`. */
  reserve(wanted: Pick<ConnectionFacts, 'subscriber' | 'client' | 'transport'>): Reservation
  limitsOf(organizationId: string): StreamLimits
  /** Open streams of an organization, in this process. */
  local(organizationId: string): OpenStream[]
  /** In all processes. */
  list(organizationId: string): OpenStream[]
  /** Ends a stream of this process (`revoked`); false: there is no such stream here. */
  end(organizationId: string, streamId: string): boolean
  /** A process that stops takes no streams: each new one ends at once, and its client reconnects elsewhere. */
  readonly isDraining: boolean
  /** For `retry` of a drained stream. */
  retryMs(): number
  /** Other processes get to know what is open here. */
  changed(organizationId: string): void
  /** Ends all streams, spread over five seconds. */
  drain(): Promise<void>
  /** Streams of other processes have changed. */
  onOthers(organizationId: string, streams: readonly OpenStream[]): void
  figures(): StreamFigures
  close(): void
}

export interface Reservation {
  readonly streamId: string
  /** The connection is open: one that it replaces ends. */
  open(sink: Sink, heartbeat: Frames['heartbeat']): Connection
  release(): void
}

export interface StreamLimits {
  connections: number
  eventsPerSecond: number
}

export interface StreamFigures {
  open: Record<OpenStream['transport'], number>
  behind: number
  unsentBytes: number
}
