/** What an adapter of a broker implements. Subscriptions, order, retries, dead letters and closing are the bus's part. */
import type { Event } from '../event.ts'

export interface Transport {
  /** Resolves when the broker has the event. Called for one event after the other in the order of publishing; events of one subject must keep it. */
  send(event: Event): Promise<void>
  /**
   * Begins to read, where the last session stopped. Resolves when everything that is published from now on will be read. When it rejects, the bus
   * tries again after a pause, unless the error is a `BusError` with the code `reading_refused`.
   */
  open(reader: Reader): Promise<Session>
  /** Waits for what is being sent, and frees what `send` uses. */
  close(): Promise<void>
}

export interface Session {
  /** Resolves when the session ended by itself, with the error if that was none of the broker's plans; the bus opens another one. */
  ended: Promise<Error | undefined>
  /** Takes no further event, commits what is finished, and leaves. */
  close(): Promise<void>
}

export interface Reader {
  /**
   * Hands an event over, in the order of the log. Resolves with true when every subscription is done with it, and with false when the bus was closed
   * before: the event must come again. An adapter commits nothing behind an event that is not finished. Events of one lane are handled in order.
   */
  take(event: Event, lane: string): Promise<boolean>
  /** Aborted when the bus closes: take nothing further. */
  closing: AbortSignal
  /** For what is wrong and does not end the session. */
  report(error: Error): void
}

/** The lane of an event: its subject, else `otherwise` (a partition), since events without a subject keep the order of the log, too. */
export const laneOf = ({ subject }: Event, otherwise = ''): string => (subject === null ? otherwise : `=${subject}`)
