/**
 * Small files that outlive a process: keys, passwords, ports. After a crash either the old or the new file exists,
 * never a part of one; and a file that cannot be read is never treated as missing.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** A file exists and cannot be read. The message is a sentence for the operator. */
export class UnreadableFile extends Error {}

export interface StoredFile<T> {
  path: string
  /** Its dependents, and the way to restore it: sentences. */
  advice: string
  /** Whether parsed JSON has the content of this file. */
  holds(value: unknown): value is T
}

/**
 * Undefined when there is no such file. Throws `UnreadableFile` when there is something that is not a file of this
 * kind.
 */
export function readStored<T>({ path, advice, holds }: StoredFile<T>): T | undefined {
  const value = pathExists(path) ? parse(path, advice) : undefined
  if (value === undefined) return undefined
  if (!holds(value)) throw new UnreadableFile(`${path} does not hold what it should. ${advice}`)
  return value
}

/** Undefined when it was removed meanwhile. */
function parse(path: string, advice: string): unknown {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
    return JSON.parse(text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !pathExists(path)) return undefined
    // Without the parser's message: it quotes the text, which may be a secret.
    const reason =
      error instanceof SyntaxError ? (text.trim() === '' ? 'it is empty' : 'it is damaged') : systemReason(error)
    throw new UnreadableFile(`${path} exists and cannot be read: ${reason}. ${advice}`, { cause: error })
  }
}

/** A dangling link exists too: the disk that it leads to may not be mounted. */
export function pathExists(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw new UnreadableFile(`${path} cannot be looked at: ${systemReason(error)}.`, { cause: error })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a directory',
  ENOTDIR: 'it is not a directory',
  ELOOP: 'its symbolic links go in a circle',
  ENOENT: 'it is a symbolic link that leads nowhere',
  EACCES: 'this user has no right to',
  EPERM: 'this user has no right to',
  EIO: 'the disk reports an error',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
}

/** The system's reason, in words. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS[code ?? ''] ?? message
}

/** Writes a file that only this user may read: under another name, synced to the disk, then renamed. */
export function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}`
  try {
    writeToDisk(draft, text)
    renameSync(draft, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(draft, { force: true })
    throw new Error(`${path} cannot be written: ${systemReason(error)}.`, { cause: error })
  }
}

export function writeToDisk(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * Syncs the names of a directory to the disk: otherwise a rename is lost with the power. Some file systems do not
 * support it.
 */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    closeSync(directory)
  }
}

/**
 * One level at a time: with a recursive call, Node never returns from places that are no file system, such as below
 * `/proc`.
 */
export function makeDirectory(path: string): void {
  const missing: string[] = []
  for (let each = path; !existsSync(each); each = dirname(each)) {
    if (pathExists(each))
      throw new UnreadableFile(`${path} cannot be made: ${each} is a symbolic link that leads nowhere.`)
    missing.push(each)
  }
  const nearest = missing.length > 0 ? dirname(missing.at(-1)!) : path
  if (!statSync(nearest).isDirectory()) throw new UnreadableFile(`${path} cannot be made: ${nearest} is a file.`)
  for (const each of missing.reverse()) {
    try {
      mkdirSync(each, { mode: 0o700 })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') continue // another process created it first
      const reason = code === 'ENOENT' ? `${dirname(each)} takes no directories` : systemReason(error)
      throw new UnreadableFile(`${each} cannot be made: ${reason}.`, { cause: error })
    }
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Names in a directory; empty when it does not exist, or is not one. */
export function entriesOf(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
