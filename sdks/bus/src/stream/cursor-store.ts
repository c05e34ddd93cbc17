/** Where a reader of the stream keeps its place. */
import { readFile, rename, writeFile } from 'node:fs/promises'

export interface CursorStore {
  /** Undefined or null before the first `save`. */
  load(): Promise<string | null | undefined> | string | null | undefined
  save(cursor: string): Promise<void> | void
}

/** For as long as the process lives: a new one begins with the next event. */
export class MemoryCursorStore implements CursorStore {
  #cursor: string | undefined

  load(): string | undefined {
    return this.#cursor
  }

  save(cursor: string): void {
    this.#cursor = cursor
  }
}

/** A file, replaced as a whole, so that a crash leaves the old place or the new one. One process per file. */
export class FileCursorStore implements CursorStore {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  async load(): Promise<string | undefined> {
    try {
      return (await readFile(this.#path, 'utf8')).trim() || undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async save(cursor: string): Promise<void> {
    const temporary = `${this.#path}.tmp`
    await writeFile(temporary, `${cursor}\n`, { flush: true })
    await rename(temporary, this.#path)
  }
}
