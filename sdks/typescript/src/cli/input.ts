/** What a command is given to read: text, a file, or what comes in by stdin. */
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { UsageError } from './command.ts'

/** `-` is stdin, `@name` a file, anything else the text itself. */
export async function readInput(given: string, stdin: Readable): Promise<string> {
  if (given === '-') return text(stdin)
  return given.startsWith('@') ? readText(given.slice(1)) : given
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** Throws a `UsageError` that names `what`. */
export function parseJson(json: string, what: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`${what} is not JSON: ${(error as Error).message}`)
  }
}

/** JSON of an object, as it was written. */
export function objectJson(json: string, what: string): string {
  const parsed = parseJson(json, what)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new UsageError(`${what} must be a JSON object`)
  return json.trim()
}
