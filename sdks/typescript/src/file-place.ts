/** A place in the log, kept in a file: written beside it and moved, so that a crash leaves the old one or the new one. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { PlaceStore } from './client/types-streams.ts'

export function filePlace(path: string): PlaceStore {
  return {
    async load() {
      try {
        return (await readFile(path, 'utf8')).trim() || undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async save(cursor) {
      const beside = `${path}.${process.pid}.new`
      await writeFile(beside, `${cursor}\n`, { mode: 0o600 })
      await rename(beside, path)
    },
  }
}
