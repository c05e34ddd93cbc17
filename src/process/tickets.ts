/**
 * Requests that this process holds open until something in the log answers them. A request draws a ticket before its
 * record is appended, since the answer may be read before the append is acknowledged.
 */
import type { Clock, Timer } from '../clock.ts'

export interface Tickets<T> {
  /** A number unique in this process; `wait` or `forget` must follow. */
  draw(): number
  /** The answer, or `pending` after about `timeoutMs`, when the ticket becomes void. */
  wait(ticket: number, timeoutMs: number): Promise<T | 'pending'>
  /** Voids a ticket; who waits for it gets `pending`. */
  forget(ticket: number): void
  /** Answers a ticket; one that is void or unknown changes nothing. */
  answer(ticket: number, answer: T): void
  /** Tickets without an answer. */
  readonly open: number
  /** Tickets that became void because no answer came in time. */
  readonly timedOut: number
  close(): void
}

/** The precision of the timeout: one timer serves all waiting requests. */
const SWEEP_MS = 50

interface Waiting<T> {
  answer: { value: T } | undefined
  deadlineMs: number
  resolve: ((answer: T | 'pending') => void) | undefined
}

export function createTickets<T>({ clock }: { clock: Clock }): Tickets<T> {
  const open = new Map<number, Waiting<T>>()
  let last = 0
  let timedOut = 0
  let timer: Timer | undefined

  function sweep(): void {
    timer = undefined
    const nowMs = clock.monotonicMs()
    for (const [ticket, waiting] of open) {
      if (waiting.resolve === undefined || waiting.deadlineMs > nowMs) continue
      timedOut++
      forget(ticket)
    }
    if (open.size > 0) arm()
  }
  function arm(): void {
    timer ??= clock.after(SWEEP_MS, sweep)
  }
  function forget(ticket: number): void {
    const waiting = open.get(ticket)
    open.delete(ticket)
    waiting?.resolve?.('pending')
  }

  return {
    draw() {
      last += 1
      open.set(last, { answer: undefined, deadlineMs: 0, resolve: undefined })
      return last
    },
    wait(ticket, timeoutMs) {
      const waiting = open.get(ticket)
      if (waiting === undefined) return Promise.resolve('pending')
      if (waiting.answer !== undefined) {
        open.delete(ticket)
        return Promise.resolve(waiting.answer.value)
      }
      waiting.deadlineMs = clock.monotonicMs() + timeoutMs
      arm()
      return new Promise(resolve => {
        waiting.resolve = resolve
      })
    },
    forget,
    answer(ticket, answer) {
      const waiting = open.get(ticket)
      if (waiting === undefined) return
      waiting.answer = { value: answer }
      if (waiting.resolve === undefined) return
      open.delete(ticket)
      waiting.resolve(answer)
    },
    get open() {
      return open.size
    },
    get timedOut() {
      return timedOut
    },
    close() {
      timer?.cancel()
      for (const ticket of [...open.keys()]) forget(ticket)
    },
  }
}
