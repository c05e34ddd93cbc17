/**
 * Verdicts for the requests that this process holds open: `admit` answers the process and the ticket through the topic
 * `outcomes`.
 */

import { type OutcomeRow, outcomesCodec } from '../../topics/outcomes.ts'
import type { Clock } from '../clock.ts'
import type { LogRecord } from '../kafka/ports.ts'
import { createTickets } from '../process/tickets.ts'

export interface VerdictWaiter {
  readonly processId: string
  /** A number unique in this process; `wait` or `forget` must follow. */
  ticket(): number
  /** The verdict, or `pending` after about `timeoutMs`, when the ticket becomes void. */
  wait(ticket: number, timeoutMs: number): Promise<OutcomeRow | 'pending'>
  /** Voids a ticket that no request will wait for. */
  forget(ticket: number): void
  /** A record of `outcomes`; those of other processes are skipped. */
  onRecord(record: LogRecord): void
  /** Requests that wait now. */
  readonly waiting: number
  /** Requests answered `pending` because no verdict came in time. */
  readonly timedOut: number
  close(): void
}

export function createVerdictWaiter({ clock, processId }: { clock: Clock; processId: string }): VerdictWaiter {
  const key = Buffer.from(processId)
  const tickets = createTickets<OutcomeRow>({ clock })

  return {
    processId,
    ticket: tickets.draw,
    wait: tickets.wait,
    forget: tickets.forget,
    onRecord(record) {
      if (record.key === null || record.value === null || !record.key.equals(key)) return
      for (const outcome of outcomesCodec.decode(record.value).outcomes) tickets.answer(outcome.ticket, outcome)
    },
    get waiting() {
      return tickets.open
    },
    get timedOut() {
      return tickets.timedOut
    },
    close: tickets.close,
  }
}
