/**
 * Events that a replay to a queue names one by one: their numbers are in the history, their places, by which a queue
 * names its messages, in the log.
 */
import type { LogRecord } from '../../src/kafka/ports.ts'
import { ClarionError } from '../../src/model/codes.ts'
import type { KeptEvents, ListedEvents } from '../../src/replay/ways/listed-events.ts'
import type { Sequences } from '../../src/streaming/sequences.ts'
import { logOf } from '../../src/streaming/streaming.ts'

const BATCH = 20
const ANY = { matches: () => true }

export function createPlacedEvents(deps: {
  history: Pick<KeptEvents, 'numbers'>
  sequences: Pick<Sequences, 'read'>
}): ListedEvents {
  const { history, sequences } = deps

  /** Undefined: the log has lost it. */
  async function recordOf(log: ReturnType<typeof logOf>, number: number): Promise<LogRecord | undefined> {
    const range = { first: number, last: number }
    try {
      return (await sequences.read({ log, range, cursor: undefined, selection: ANY, limit: 1 })).records[0]
    } catch (error) {
      if (error instanceof ClarionError && error.code === 'cursor_expired') return undefined
      throw error
    }
  }

  return {
    async open({ organizationId, environment, eventIds = [] }, from, onMissing) {
      const owner = { organizationId, environment }
      const log = logOf(owner)
      const emitIds = [...new Set(eventIds.map(id => `cee_${id.slice('evt_'.length)}`))]
      const found = await history.numbers(owner, emitIds)
      if (from === undefined && found.length < emitIds.length) onMissing(emitIds.length - found.length)
      const left = found.map(({ sequence }) => sequence).filter(sequence => sequence >= (from ?? 0))
      left.sort((a, b) => a - b)
      let isClosed = false
      return {
        async read() {
          const next = left.slice(0, BATCH)
          if (isClosed || next.length === 0) return undefined
          const records: Array<{ number: number; record: LogRecord }> = []
          for (const number of next) {
            const record = await recordOf(log, number)
            if (record !== undefined) records.push({ number, record })
          }
          left.splice(0, next.length)
          if (records.length < next.length) onMissing(next.length - records.length)
          return { records }
        },
        positions: () => new Map(),
        close() {
          isClosed = true
        },
      }
    },
  }
}
