/** Bytes to text to value, and the findings when that fails. */
import { isUtf8 } from 'node:buffer'
import type { Finding } from '../model/codes.ts'
import { encodingFault } from './json-encoding.ts'
import { readJson } from './read-json.ts'

const PATH_CHARACTERS_MAX = 500
const MESSAGE_CHARACTERS_MAX = 300

/** JSON can contain it as an escape (`"\ud83d"`). Headers and columns are UTF-8, where it would become U+FFFD. */
export const HALF_A_PAIR = 'holds half of a surrogate pair, which is no character: send whole characters'

/** Any JSON in UTF-8, whatever its depth and keys (rule `not_json`). */
export function parseText(
  bytes: Buffer,
): { ok: true; text: string; value: unknown } | { ok: false; findings: Finding[] } {
  if (!isUtf8(bytes)) return refuse('', 'not_json', encodingFault(bytes)!)
  const text = bytes.toString('utf8')
  try {
    return { ok: true, text, value: readJson(text) }
  } catch (error) {
    return refuse('', 'not_json', encodingFault(bytes) ?? (error instanceof Error ? error.message : 'is not JSON'))
  }
}

export function refuse(path: string, rule: string, message: string): { ok: false; findings: Finding[] } {
  return { ok: false, findings: [finding(path, rule, message)] }
}

/** A finding of bounded size, however long the keys of the document are. */
export const finding = (path: string, rule: string, message: string): Finding => ({
  path: path.slice(0, PATH_CHARACTERS_MAX),
  rule,
  message: message.slice(0, MESSAGE_CHARACTERS_MAX),
})
