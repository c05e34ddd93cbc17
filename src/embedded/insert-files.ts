/**
 * Passes the data of an insert to the engine, which accepts statements as text only: the data goes into a file that the
 * statement names (`FROM INFILE`). Reading a file also takes half the time of parsing the data from a statement. The
 * files are few, and reused.
 */
import { hash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { open, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quoteText } from './clickhouse-http.ts'

/**
 * `INSERT INTO t (a, b) FORMAT c`: the parts before and behind the file's name. Other statements stay as they are,
 * their data as text.
 */
const INSERT_WITH_FORMAT = /^(\s*insert\s+into\s(?:(?!\b(?:select|settings)\b)[\s\S])*?)(\s+format\s+\w+\s*)$/i

export interface InsertFiles {
  /** Whether the statement can take its data from a file: an insert that ends with its format. */
  fits(text: string): boolean
  /** Runs `work` with a statement that reads `data` from a file. */
  use<T>(text: string, data: Buffer[], work: (text: string) => Promise<T>): Promise<T>
  /** Removes the files. Call it when no statement uses them any more. */
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
        await truncate(file, 0).catch(() => undefined) // it does not exist if it could not be created
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

/**
 * The engine interprets some characters of a path as patterns: a data folder whose name has them cannot contain the
 * files.
 */
const PATTERN = /[*?{}]/

/** The same folder after each start, so that files of a killed process are removed. */
function makeFolder(directory: string): string {
  const elsewhere = join(tmpdir(), `clarion-inserts-${hash('sha256', directory).slice(0, 16)}`)
  const folder = PATTERN.test(directory) ? elsewhere : join(directory, 'inserts')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  return folder
}
