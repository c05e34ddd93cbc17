/** Input of a command: text, a file, or stdin. Bytes that are not UTF-8 are refused, never replaced. */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { UsageError } from './command.ts'

const NEWLINE = 0x0a
const HOW_TO_ENCODE = 'save it as UTF-8'

/** `-` is stdin, `@name` a file, anything else the text itself. */
export async function readInput(given: string, stdin: Readable): Promise<string> {
  if (given === '-') return decode(await bytesOf(stdin), 'stdin')
  return given.startsWith('@') ? readText(given.slice(1)) : given
}

export async function readText(file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  return decode(bytes, file)
}

/** Splits at newlines only: JSON may contain Unicode's other separators. */
export async function* linesOf(stdin: Readable): AsyncGenerator<string> {
  let [number, rest] = [1, Buffer.alloc(0)]
  for await (const chunk of stdin) {
    rest = Buffer.concat([rest, Buffer.from(chunk as Buffer)])
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield decode(rest.subarray(0, end), `line ${number++}`)
      rest = rest.subarray(end + 1)
    }
  }
  if (rest.length > 0) yield decode(rest, `line ${number}`)
}

/**
 * Without the byte order mark that some editors write. Throws a `UsageError` with `what` and the position of the first
 * wrong byte.
 */
export function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    if (isUtf16) throw new UsageError(`${what} is UTF-16, not UTF-8`, HOW_TO_ENCODE)
    const offset = illFormedAt(bytes)
    const hex = bytes[offset]?.toString(16).padStart(2, '0')
    throw new UsageError(`${what} is not UTF-8: byte ${offset} (0x${hex}) begins no whole character`, HOW_TO_ENCODE)
  }
}

/** The position of the first invalid character. */
function illFormedAt(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length]
  // A prefix that ends within a character is not UTF-8 either, so the result may be up to three bytes behind the
  // position.
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isUtf8Prefix(bytes.subarray(0, middle))) good = middle
    else bad = middle
  }
  while (!isUtf8(bytes.subarray(0, good))) good--
  return good
}

/** Whether the bytes are UTF-8, possibly cut off within a character. */
function isUtf8Prefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

async function bytesOf(stdin: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer))
  return Buffer.concat(chunks)
}

/** Throws a `UsageError` that names `what`. */
export function parseJson(json: string, what: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`${what} is not JSON: ${(error as Error).message}`)
  }
}

/** The JSON text of an object, unchanged. */
export function objectJson(json: string, what: string): string {
  const parsed = parseJson(json, what)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UsageError(`${what} must be a JSON object`)
  return json.trim()
}
