/**
 * Verdicts for the requests that this process holds open. A request draws a ticket before its emit is appended, since
 * the verdict may be read before the append is acknowledged; `admit` answers the process and the ticket through the
 * topic `outcomes`.
 */

import { type OutcomeRow, outcomesCodec } from '../../topics/outcomes.ts'
import type { Clock, Timer } from '../clock.ts'
import type { LogRecord } from '../kafka/ports.ts'

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

/** The precision of the timeout: one timer serves all waiting requests. */
const SWEEP_MS = 50

interface Waiting {
  outcome: OutcomeRow | undefined
  deadlineMs: number
  resolve: ((outcome: OutcomeRow | 'pending') => void) | undefined
}

export function createVerdictWaiter(deps: { clock: Clock; processId: string }): VerdictWaiter {
  const { clock, processId } = deps
  const key = Buffer.from(processId)
  const open = new Map<number, Waiting>()
  let last = 0
  let timedOut = 0
  let timer: Timer | undefined

  function sweep(): void {
    timer = undefined
    const nowMs = clock.monotonicMs()
    for (const [ticket, waiting] of open) {
      if (waiting.resolve === undefined || waiting.deadlineMs > nowMs) continue
      open.delete(ticket)
      timedOut++
      waiting.resolve('pending')
    }
    if (open.size > 0) arm()
  }
  function arm(): void {
    timer ??= clock.after(SWEEP_MS, sweep)
  }
  function resolve(outcome: OutcomeRow): void {
    const waiting = open.get(outcome.ticket)
    if (waiting === undefined) return
    waiting.outcome = outcome
    if (waiting.resolve === undefined) return
    open.delete(outcome.ticket)
    waiting.resolve(outcome)
  }

  return {
    processId,
    ticket() {
      last += 1
      open.set(last, { outcome: undefined, deadlineMs: 0, resolve: undefined })
      return last
    },
    wait(ticket, timeoutMs) {
      const waiting = open.get(ticket)
      if (waiting === undefined) return Promise.resolve('pending')
      if (waiting.outcome !== undefined) {
        open.delete(ticket)
        return Promise.resolve(waiting.outcome)
      }
      waiting.deadlineMs = clock.monotonicMs() + timeoutMs
      arm()
      return new Promise(resolve => {
        waiting.resolve = resolve
      })
    },
    forget: ticket => void open.delete(ticket),
    onRecord(record) {
      if (record.key === null || record.value === null || !record.key.equals(key)) return
      for (const outcome of outcomesCodec.decode(record.value).outcomes) resolve(outcome)
    },
    get waiting() {
      return open.size
    },
    get timedOut() {
      return timedOut
    },
    close() {
      timer?.cancel()
      for (const waiting of open.values()) waiting.resolve?.('pending')
      open.clear()
    },
  }
}
