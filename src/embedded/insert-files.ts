/**
 * The data of an insert on its way into the engine, which takes statements as text alone: it is put into a file and named in the statement
 * (`FROM INFILE`). Reading from a file also takes half of what parsing it out of a statement's text takes. The files are few, and used again.
 */
import { hash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { open, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quoteText } from './clickhouse-http.ts'

/** `INSERT INTO t (a, b) FORMAT c`: what stands before the place for the file, and what behind. Others stay as they are, their data as text. */
const INSERT_WITH_FORMAT = /^(\s*insert\s+into\s(?:(?!\b(?:select|settings)\b)[\s\S])*?)(\s+format\s+\w+\s*)$/i

export interface InsertFiles {
  /** Whether the statement takes its data from a file: an insert that ends with its format. */
  fits(text: string): boolean
  /** Runs `work` with the statement that reads `data` from a file. */
  use<T>(text: string, data: Buffer[], work: (text: string) => Promise<T>): Promise<T>
  /** Removes the files. To be called when no statement uses them any more. */
  close(): void
}

/** In a folder of its own in `directory`, emptied first. */
export function openInsertFiles(directory: string): InsertFiles {
  const folder = makeFolder(directory)
  const free: string[] = []
  let made = 0
  return {
    fits: text => INSERT_WITH_FORMAT.test(text),
    async use(text, data, work) {
      const [, before, behind] = INSERT_WITH_FORMAT.exec(text)!
      const file = free.pop() ?? join(folder, `${made++}.rows`)
      try {
        await write(file, data)
        return await work(`${before} FROM INFILE ${quoteText(file)}${behind}`)
      } finally {
        await truncate(file, 0).catch(() => undefined) // there is none when it could not be made
        free.push(file)
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function write(file: string, data: Buffer[]): Promise<void> {
  const handle = await open(file, 'w', 0o600)
  try {
    const { bytesWritten } = await handle.writev(data)
    if (bytesWritten < data.reduce((sum, { length }) => sum + length, 0))
      throw new Error(`the disk did not take all of ${file}`)
  } finally {
    await handle.close()
  }
}

/** The engine takes some characters of a path for patterns: beside data in a folder whose name has them the files cannot be. */
const PATTERN = /[*?{}]/

/** The same one after each start, so that what a killed process left is removed. */
function makeFolder(directory: string): string {
  const elsewhere = join(tmpdir(), `clarion-inserts-${hash('sha256', directory).slice(0, 16)}`)
  const folder = PATTERN.test(directory) ? elsewhere : join(directory, 'inserts')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  return folder
}
