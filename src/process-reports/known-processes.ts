/** The processes of the installation, by their reports; one that has not reported for half a minute is gone. */
import { type ProcessReport, processes, processReportCodec } from '../../topics/processes.ts'
import type { Clock } from '../clock.ts'
import type { Appender, LogRecord } from '../kafka/ports.ts'

export interface KnownProcess extends ProcessReport {
  id: string
  lastSeenAtMs: number
}

export interface KnownProcesses {
  /** A record of the topic. */
  onRecord(record: LogRecord): void
  /** Those that are there, oldest first. */
  list(): KnownProcess[]
  /** How many of them take calls; at least this one. */
  apis(): number
}

export const GONE_MS = 30_000
/** Reports of processes that ended without a word are removed from the topic by another. */
const REMOVED_MS = 10 * 60_000
const COUNTED_EVERY_MS = 1_000

export function createKnownProcesses(deps: { clock: Clock; appender: Appender }): KnownProcesses {
  const { clock, appender } = deps
  const known = new Map<string, KnownProcess>()
  let apis = 1
  let countedAtMs = Number.NEGATIVE_INFINITY

  const isThere = ({ lastSeenAtMs }: KnownProcess) => clock.machineMs() - lastSeenAtMs < GONE_MS
  const takesCalls = ({ roles, isStopping }: KnownProcess) => !isStopping && roles.some(({ role }) => role === 'api')

  function removeOld(): void {
    for (const [id, { lastSeenAtMs }] of known) {
      if (clock.machineMs() - lastSeenAtMs < REMOVED_MS) continue
      known.delete(id)
      appender.append({ topic: processes.name, partition: 0, key: id, value: null }).catch(() => undefined)
    }
  }

  return {
    onRecord({ key, value, timestampMs, undecodable }) {
      if (key === null || undecodable !== undefined) return
      const id = key.toString()
      if (value === null) known.delete(id)
      else known.set(id, { ...processReportCodec.decode(value), id, lastSeenAtMs: timestampMs })
      removeOld()
    },
    list: () => [...known.values()].filter(isThere).sort((a, b) => a.startedAtMs - b.startedAtMs),
    apis() {
      const nowMs = clock.monotonicMs()
      if (nowMs - countedAtMs >= COUNTED_EVERY_MS) {
        countedAtMs = nowMs
        apis = Math.max(1, [...known.values()].filter(each => isThere(each) && takesCalls(each)).length)
      }
      return apis
    },
  }
}
