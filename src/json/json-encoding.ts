/** The reason why bytes are not JSON, where their encoding is the cause. Runs only after they were refused. */
import { isUtf8 } from 'node:buffer'

const UTF8_MARK = [0xef, 0xbb, 0xbf]
const UTF16_MARKS = [
  [0xff, 0xfe],
  [0xfe, 0xff],
]

/**
 * A sentence's end (`begins with …`), or undefined when the encoding is right. JSON begins with ASCII, so a zero byte
 * there is UTF-16 or UTF-32.
 */
export function encodingFault(bytes: Buffer): string | undefined {
  if (startsWith(bytes, UTF8_MARK)) return 'begins with a byte order mark (BOM): send UTF-8 without it'
  if (isWide(bytes)) return 'is in UTF-16 or UTF-32: send UTF-8'
  return isUtf8(bytes) ? undefined : 'is not UTF-8: send UTF-8'
}

function isWide(bytes: Buffer): boolean {
  if (UTF16_MARKS.some(mark => startsWith(bytes, mark))) return true
  if (bytes.length < 2) return false
  return bytes[0] === 0 || (bytes[1] === 0 && (bytes.length === 2 || bytes[2] === 0 || bytes[3] === 0))
}

const startsWith = (bytes: Buffer, mark: readonly number[]): boolean => mark.every((byte, at) => bytes[at] === byte)
