/** Reports paused organizations to the api processes, which then refuse emits that would only wait. */
import type { Clock, Timer } from '../../src/clock.ts'
import type { ShardHandle, Unavailable } from '../../src/kafka/ports.ts'
import { logParts } from '../../topics/events.ts'
import { ALL_PAUSES_KEY, outcomes, PAUSES_KEY, type PauseRow, pausesCodec } from '../../topics/outcomes.ts'

/** Three times within the time for which an api trusts a report. */
const EVERY_MS = 5_000
/** By then a new owner of the shard has found the logs that take nothing and have something waiting for them. */
const FOUND_MS = 1_000

export interface PauseReports {
  start(): void
  /** This log has become paused, or available again. */
  changed(log: string): void
  close(): void
}

export function createPauseReports(deps: { clock: Clock; handle: ShardHandle }): PauseReports {
  const { clock, handle } = deps
  let timer: Timer | undefined
  let isClosed = false
  /**
   * The end of a pause is reported once, and lost with its transaction: the next report names all pauses. So does the
   * first one of a new owner, whose predecessor may have died with the end of one.
   */
  let mustNameAll = true

  const rowOf = ({ topic, reason, sinceMs }: Unavailable): PauseRow => ({
    ...logParts(topic),
    reason,
    sinceMs: Math.round(clock.nowMs() - (clock.monotonicMs() - sinceMs)),
  })

  function write(key: string, pauses: PauseRow[]): void {
    if (isClosed) return
    const value = pausesCodec.encode({ pauses })
    handle.write([{ topic: outcomes.name, partition: handle.shard, key, value }], true)
  }

  function report(): void {
    const rows = handle.pausedTopics().map(rowOf)
    if (mustNameAll) write(ALL_PAUSES_KEY, rows)
    else if (rows.length > 0) write(PAUSES_KEY, rows)
    mustNameAll = false
    timer = clock.after(EVERY_MS, report)
  }

  return {
    start() {
      const rows = handle.pausedTopics().map(rowOf)
      if (rows.length > 0) write(PAUSES_KEY, rows)
      timer = clock.after(FOUND_MS, report)
    },
    changed(log) {
      const paused = handle.pausedTopics().find(({ topic }) => topic === log)
      if (!paused) mustNameAll = true
      write(PAUSES_KEY, [
        paused ? rowOf(paused) : { ...logParts(log), reason: null, sinceMs: Math.round(clock.nowMs()) },
      ])
    },
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}
