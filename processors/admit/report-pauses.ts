/** Reports paused organizations to the api processes, which then refuse emits that would only wait. */
import type { Clock, Timer } from '../../src/clock.ts'
import type { ShardHandle, Unavailable } from '../../src/kafka/ports.ts'
import { logParts } from '../../topics/events.ts'
import { outcomes, PAUSES_KEY, type PauseRow, pausesCodec } from '../../topics/outcomes.ts'

/** Three times within the time for which an api trusts a report. */
const EVERY_MS = 5_000

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

  const rowOf = ({ topic, reason, sinceMs }: Unavailable): PauseRow => ({
    ...logParts(topic),
    reason,
    sinceMs: Math.round(clock.nowMs() - (clock.monotonicMs() - sinceMs)),
  })

  function report(pauses: PauseRow[]): void {
    if (pauses.length === 0 || isClosed) return
    const value = pausesCodec.encode({ pauses })
    handle.write([{ topic: outcomes.name, partition: handle.shard, key: PAUSES_KEY, value }], true)
  }

  function reportAll(): void {
    report(handle.pausedTopics().map(rowOf))
    timer = clock.after(EVERY_MS, reportAll)
  }

  return {
    start: reportAll,
    changed(log) {
      const paused = handle.pausedTopics().find(({ topic }) => topic === log)
      report([paused ? rowOf(paused) : { ...logParts(log), reason: null, sinceMs: Math.round(clock.nowMs()) }])
    },
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}
