/**
 * Looks up where the logs of partitions start and end, in one request for all that one broker leads, and moves a
 * reading that was out of range.
 */
import type { Logger } from '../../logger.ts'
import type { Gap } from '../ports.ts'
import type { Wire } from '../protocol/wire.ts'
import type { Placing } from './placing.ts'
import { keyOf, type Reading, settleRange } from './reading.ts'

export type Locate = (reading: Reading) => void

export function createLocating(deps: {
  logger: Logger
  wire(): Promise<Wire>
  /** Runs until closed; a rejection is a fault. */
  track(work: Promise<void>): void
  isClosed(): boolean
  /** Whether this reading is still active. */
  isRead(reading: Reading): boolean
  placing: Pick<Placing, 'fail'>
  /** It can be read on. */
  place(reading: Reading): void
  report(reading: Reading, gap: Gap): void
}): Locate {
  const { logger, placing, track } = deps
  /** By leader. */
  const locating = new Map<number, Set<Reading>>()

  function locate(reading: Reading): void {
    const node = reading.leader!.node
    const known = locating.get(node)
    if (known) {
      known.add(reading)
      return
    }
    const batch = new Set([reading])
    locating.set(node, batch)
    queueMicrotask(() => {
      locating.delete(node)
      track(locateAll([...batch]))
    })
  }

  async function locateAll(batch: Reading[]): Promise<void> {
    let starts: Map<string, number>
    let ends: Map<string, number>
    let cluster: Wire['cluster'] | undefined
    try {
      const to = await deps.wire()
      cluster = to.cluster
      ;[starts, ends] = await Promise.all([to.starts(batch), to.ends(batch)])
    } catch (error) {
      if (deps.isClosed()) return
      logger.warn({ error: String(error) }, 'the starts and ends of logs could not be queried; trying again')
      starts = ends = new Map()
    }
    if (deps.isClosed()) return
    for (const reading of batch) {
      if (!deps.isRead(reading)) continue
      const key = keyOf(reading.topic, reading.partition)
      const [start, end] = [starts.get(key), ends.get(key)]
      if (start === undefined || end === undefined) {
        cluster?.stale(reading.topic)
        placing.fail(reading, 'no_leader', 'none')
      } else located(reading, start, end)
    }
  }

  function located(reading: Reading, start: number, end: number): void {
    const from = reading.offset
    const gap = settleRange(reading, start, end)
    if (gap === 'beyond_end') {
      placing.fail(reading, 'beyond_end', 'back-off')
      return
    }
    if (gap) deps.report(reading, gap)
    // Where nothing has changed, the request is not repeated at once.
    if (reading.offset === from && reading.failures > 0) placing.fail(reading, 'no_leader', 'back-off')
    else {
      reading.failures++
      deps.place(reading)
    }
  }

  return locate
}
