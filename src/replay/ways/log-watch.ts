/**
 * Metrics of the logs that one process reads by number: pages in memory, numbers waited for, and numbers without an
 * event.
 */

export interface LogWatch {
  /** A reading has begun; call the returned function when it ends. */
  opened(reading: LogReading): () => void
  /** This many numbers have no event, neither in the log nor in the history. */
  holes(count: number): void
  /** The longest wait for the next number of a log; seconds. */
  missingSeconds(): number
  pagesBytes(): number
  holesSoFar(): number
}

export interface LogReading {
  /** How long its next number has been waited for. */
  waitingMs(): number
  /** Bytes of its pages in memory. */
  bytes(): number
}

export function createLogWatch(): LogWatch {
  const readings = new Set<LogReading>()
  let holes = 0
  return {
    opened(reading) {
      readings.add(reading)
      return () => void readings.delete(reading)
    },
    holes(count) {
      holes += count
    },
    missingSeconds: () => Math.max(0, ...[...readings].map(reading => reading.waitingMs())) / 1000,
    pagesBytes: () => [...readings].reduce((sum, reading) => sum + reading.bytes(), 0),
    holesSoFar: () => holes,
  }
}
