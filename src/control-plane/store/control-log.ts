/** What the control store needs of the topic `control`: one writer at a time, over a view that is complete. */
import type { OutRecord } from '../../kafka/ports.ts'

export interface ControlLog {
  /**
   * Writes one transaction with the transactional id `control-writer`, which fences any other writer. Opens the writer if it is not open,
   * waits until the view is at the end of the topic, calls `build` (synchronous, once), writes and commits what it answers, and resolves
   * when this process's own view has passed it. `lastOffset` is that of the last record of `control`, -1 if there was none. No records:
   * nothing is written, the call resolves.
   *
   * Rejects with `ControlLogError` after a fence or any fault; the writer is closed then and opened anew by the next call. An error that
   * `build` throws is passed on as it is, and nothing was written.
   */
  transact(build: () => { records: OutRecord[] }): Promise<{ lastOffset: number }>
}

/** `aborted`: nothing of it was written. `unknown`: it may have committed; the next `transact` sees a view that tells. */
export class ControlLogError extends Error {
  readonly outcome: 'unknown' | 'aborted'

  constructor(outcome: 'unknown' | 'aborted', message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ControlLogError'
    this.outcome = outcome
  }
}
