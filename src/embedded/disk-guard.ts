/**
 * Stops ClickHouse from writing when its disk is nearly full. On a full disk ClickHouse 26.7 may commit a truncated
 * part, inserted or merged, and find it broken at its next start: its acknowledged rows are lost then. So there is
 * always room for operations under way: below a limit, merges are stopped and inserts refused (`NOT_ENOUGH_SPACE`,
 * which the writer of the history retries), until there is more space again.
 */
import { statfsSync } from 'node:fs'

/** Far more than operations under way need: a few inserts and merges, which end when they are stopped. */
export const FREE_BYTES_MIN = 512 * 1024 * 1024
/** Writing resumes with this much more space, so that it does not flutter. */
export const RESUME_FACTOR = 1.25
/** A program that writes a gigabyte per second fills the reserve in ten of these. */
const CHECK_MS = 50

export interface DiskGuard {
  /** Measures the disk: whether inserts must be refused now. */
  isLow(): boolean
  /** Measures the disk once more. Resolves once ClickHouse has applied the consequence. */
  check(): Promise<void>
  stop(): void
}

/** `run`: runs a statement immediately. `freeBytes`: of the disk with the data. */
export function createDiskGuard(deps: { freeBytes(): number; run(statement: string): Promise<unknown> }): DiskGuard {
  let isLow = false
  let pending: Promise<void> = Promise.resolve()

  function measure(): void {
    const free = deps.freeBytes()
    const wasLow = isLow
    isLow = free < (wasLow ? FREE_BYTES_MIN * RESUME_FACTOR : FREE_BYTES_MIN)
    if (isLow === wasLow) return
    const [statement, sentence] = isLow
      ? ['SYSTEM STOP MERGES', 'the disk is nearly full: inserts are refused and merges stopped']
      : ['SYSTEM START MERGES', 'there is room on the disk again']
    console.error(`${new Date().toISOString()} ${sentence} (${Math.round(free / 1024 / 1024)} MB free)`)
    pending = pending
      .then(() => deps.run(statement))
      .then(
        () => undefined,
        error => console.error(`${statement}: ${error}`),
      )
  }

  const timer = setInterval(measure, CHECK_MS).unref()
  return {
    isLow() {
      measure()
      return isLow
    },
    check() {
      measure()
      return pending
    },
    stop: () => clearInterval(timer),
  }
}

/** Free bytes of a directory's file system, for users other than root. */
export function freeBytesAt(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}
