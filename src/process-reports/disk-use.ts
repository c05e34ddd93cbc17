/** The disk of the embedded backends: used bytes by part, measured at most once a minute, and what is free. */
import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'

export interface DiskPart {
  part: string
  usedBytes: number
  freeBytes: number
}

const MEASURED_EVERY_MS = 60_000

/** `parts`: folders of the data directory that this process writes. */
export function createDiskUse(deps: { dataDir: string; parts: readonly string[]; clock: Clock }) {
  const { dataDir, parts, clock } = deps
  let measured: Promise<DiskPart[]> | undefined
  let measuredAtMs = Number.NEGATIVE_INFINITY

  async function measure(): Promise<DiskPart[]> {
    const found: DiskPart[] = []
    for (const part of parts) {
      const folder = join(dataDir, part)
      const free = await statfs(folder).catch(() => undefined)
      if (free === undefined) continue
      found.push({ part, usedBytes: await bytesBelow(folder), freeBytes: free.bavail * free.bsize })
    }
    return found
  }

  return (): Promise<DiskPart[]> => {
    if (measured === undefined || clock.monotonicMs() - measuredAtMs >= MEASURED_EVERY_MS) {
      measuredAtMs = clock.monotonicMs()
      measured = measure().catch(() => [])
    }
    return measured
  }
}

/** Blocks as the file system counts them; a file that goes meanwhile counts nothing. */
async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += await bytesBelow(path)
    else if (entry.isFile()) bytes += ((await stat(path).catch(() => undefined))?.blocks ?? 0) * BLOCK_BYTES
  }
  return bytes
}

const BLOCK_BYTES = 512
