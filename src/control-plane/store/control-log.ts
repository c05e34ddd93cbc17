/** The control store's port to the topic `control`: one writer at a time, over a complete view. */
import type { OutRecord } from '../../kafka/ports.ts'

export interface ControlLog {
  /**
   * Writes one transaction with the transactional id `control-writer`, which fences any other writer. Opens the writer
   * if it is not open, waits until the view is at the end of the topic, calls `build` (synchronous, once), writes and
   * commits its records, and resolves when this process's own view has passed them. `lastOffset` is that of the last
   * record of `control`, -1 if there was none. Without records nothing is written and the call resolves. Rejects with
   * `ControlLogError` after a fence or any fault; the writer is closed then and the next call opens a new one. An error
   * thrown by `build` is passed on unchanged, and nothing was written.
   */
  transact(build: () => { records: OutRecord[] }): Promise<{ lastOffset: number }>
}

/** `aborted`: nothing was written. `unknown`: it may have committed; the view of the next `transact` shows which. */
export class ControlLogError extends Error {
  readonly outcome: 'unknown' | 'aborted'

  constructor(outcome: 'unknown' | 'aborted', message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'ControlLogError'
    this.outcome = outcome
  }
}
