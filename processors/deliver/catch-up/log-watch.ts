/** What there is to see of the logs that are read by number, in one process: pages in memory, numbers that are waited for, and numbers nobody knows. */

export interface LogWatch {
  /** A reading has begun; to be called when it is over. */
  opened(reading: LogReading): () => void
  /** So many numbers have no event, in the log or in the history. */
  holes(count: number): void
  /** For how long the next number of a log has been waited for, at most; seconds. */
  missingSeconds(): number
  pagesBytes(): number
  holesSoFar(): number
}

export interface LogReading {
  /** For how long its next number has been waited for. */
  waitingMs(): number
  /** Of the pages that it has in memory. */
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
