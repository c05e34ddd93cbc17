/**
 * Keeps ClickHouse from writing when its disk is nearly full. On a full disk ClickHouse 26.7 may commit a part, inserted or merged, whose files were cut
 * off, and find it broken at its next start: rows that it has acknowledged are gone then. So there is always room for what is under way: below a
 * bound merges are stopped and inserts refused (`NOT_ENOUGH_SPACE`, which whoever writes the history repeats), until there is more again.
 */
import { statfsSync } from 'node:fs'

/** What is under way, a few inserts and merges that end when they are told to, needs less by far. */
export const FREE_BYTES_MIN = 512 * 1024 * 1024
/** Writing goes on with so much more, so that it does not flutter. */
export const RESUME_FACTOR = 1.25
/** A program that writes a gigabyte a second takes what is kept free in ten of these. */
const CHECK_MS = 50

export interface DiskGuard {
  /** Looks at the disk: whether inserts are to be refused now. */
  isLow(): boolean
  /** Looks at the disk once more. Resolves when ClickHouse has been told what follows from it. */
  check(): Promise<void>
  stop(): void
}

/** `tell`: runs a statement at once. `freeBytes`: of the disk that holds the data. */
export function createDiskGuard(deps: { freeBytes(): number; tell(statement: string): Promise<unknown> }): DiskGuard {
  let isLow = false
  let telling: Promise<void> = Promise.resolve()

  function look(): void {
    const free = deps.freeBytes()
    const wasLow = isLow
    isLow = free < (wasLow ? FREE_BYTES_MIN * RESUME_FACTOR : FREE_BYTES_MIN)
    if (isLow === wasLow) return
    const [statement, sentence] = isLow
      ? ['SYSTEM STOP MERGES', 'the disk is nearly full: inserts are refused and merges stopped']
      : ['SYSTEM START MERGES', 'there is room on the disk again']
    console.error(`${new Date().toISOString()} ${sentence} (${Math.round(free / 1024 / 1024)} MB free)`)
    telling = telling
      .then(() => deps.tell(statement))
      .then(
        () => undefined,
        error => console.error(`${statement}: ${error}`),
      )
  }

  const timer = setInterval(look, CHECK_MS).unref()
  return {
    isLow() {
      look()
      return isLow
    },
    check() {
      look()
      return telling
    },
    stop: () => clearInterval(timer),
  }
}

/** Of the file system that a directory is on, for those who are not root. */
export function freeBytesAt(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}
