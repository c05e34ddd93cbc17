/**
 * The header `Idempotency-Key`, for every call that takes it. Node decodes header bytes as Latin-1 and joins a repeated
 * header with commas; both are undone here, so that the key is the same text as in a body or a Kafka header.
 */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { isIdempotencyKey } from '../../events/ingress-emit.ts'
import { ClarionError } from '../../model/codes.ts'

const NAME = 'idempotency-key'
const ASCII = /^[ -~]*$/

/** Undefined without the header. Throws `validation_failed` when it is repeated, not UTF-8, or not a valid key. */
export function idempotencyKeyOf({
  headers,
  rawHeaders,
}: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): string | undefined {
  const header = headers[NAME]
  if (header === undefined) return undefined
  if (typeof header !== 'string' || isRepeated(rawHeaders)) throw refused('must be sent once: keep one of the headers')
  const key = decoded(header)
  if (key === undefined) throw refused('must be UTF-8: encode the key as UTF-8, or use ASCII')
  if (!isIdempotencyKey(key)) throw refused('must be 1 to 255 printable characters')
  return key
}

/** `rawHeaders` has names and values alternately, in the order of arrival. */
function isRepeated(rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === NAME.length && name.toLowerCase() === NAME) count++
  }
  return count > 1
}

function decoded(header: string): string | undefined {
  if (ASCII.test(header)) return header
  const bytes = Buffer.from(header, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** The key of a call that may have it in its body too. Throws `validation_failed` when body and header differ. */
export function agreedKey(inBody: string | undefined, inHeader: string | undefined): string | undefined {
  if (inHeader === undefined || inBody === undefined || inBody === inHeader) return inHeader ?? inBody
  const message = 'differs from the Idempotency-Key header: send one of them, or the same in both'
  const details = [{ path: '/idempotencyKey', rule: 'idempotency_key', message }]
  throw new ClarionError('validation_failed', `The idempotency key of the body ${message}.`, { details })
}

function refused(message: string): ClarionError {
  const details = [{ path: `/headers/${NAME}`, rule: 'idempotency_key', message }]
  return new ClarionError('validation_failed', `The header Idempotency-Key ${message}.`, { details })
}
