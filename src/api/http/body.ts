/**
 * Reads a request's body: its size is limited before anything is parsed, and only strict JSON is accepted. See
 * docs/specification/conventions.md#bodies.
 */
import type { IncomingMessage } from 'node:http'
import { inexactNumbers } from '../../json/inexact-numbers.ts'
import { parseJson } from '../../json/json.ts'
import { encodingFault } from '../../json/json-encoding.ts'
import { isJsonObject } from '../../json/json-pointer.ts'
import { sliceMembers } from '../../json/json-slices.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import { findJsonFault } from './json-fault.ts'

export const BODY_BYTES_MAX = 300 * 1024
export const BATCH_BYTES_MAX = 4 * 1024 * 1024
/** Commands contain schemas, which have stricter limits of their own. */
const COMMAND_DEPTH_MAX = 64

const JSON_MEDIA = /^application\/(?:[a-z0-9.+-]+\+)?json$/
const UTF_8 = /^"?utf-?8"?$/
/** Characters of a header value that a message repeats. */
const SHOWN_CHARACTERS_MAX = 100

/** Throws `unsupported_media_type` for anything but uncompressed JSON in UTF-8. */
export function checkContentType({ headers }: IncomingMessage): void {
  const type = headers['content-type']
  if (type === undefined) throw unsupported('content-type', 'is missing: send application/json')
  const shortened = type.slice(0, SHOWN_CHARACTERS_MAX)
  const [media = '', ...parameters] = type.toLowerCase().split(';')
  if (!JSON_MEDIA.test(media.trim())) throw unsupported('content-type', `must be application/json, not '${shortened}'`)
  const charset = parameters.map(each => each.trim()).find(each => each.startsWith('charset='))
  if (charset !== undefined && !UTF_8.test(charset.slice('charset='.length)))
    throw unsupported('content-type', `must be application/json in UTF-8, not '${shortened}': encode the body as UTF-8`)
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    throw unsupported('content-encoding', 'must be left out: send the body uncompressed')
}

function unsupported(header: string, message: string): ClarionError {
  const details = [{ path: `/headers/${header}`, rule: 'media_type', message }]
  return new ClarionError('unsupported_media_type', `The header ${header} ${message}.`, { details })
}

/**
 * Bytes of a too large body that are read and discarded, so that a caller that is still sending can read the answer;
 * then the connection is closed.
 */
const DISCARDED_BYTES_MAX = 64 * 1024 * 1024

/** The whole body. Rejects with `payload_too_large` as soon as the limit is passed; the rest is not kept. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers['content-length']) > bytesMax) return Promise.reject(tooLarge(bytesMax))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
      else if (bytes > DISCARDED_BYTES_MAX) request.destroy()
      else reject(tooLarge(bytesMax))
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    // A broken connection emits an error first, then a close: both mean that the caller went away.
    request.on('error', error => reject(request.complete ? error : new RequestAborted()))
    request.on('close', () => {
      if (!request.complete) reject(new RequestAborted())
    })
  })
}

/** The caller went away before the body was complete: nobody reads an answer. */
export class RequestAborted extends Error {}

const tooLarge = (bytesMax: number) =>
  new ClarionError('payload_too_large', `The request body is larger than ${bytesMax} bytes.`)

const LIMITS = { depthMax: COMMAND_DEPTH_MAX, duplicateKeys: 'refuse' } as const

/**
 * A command's JSON. Throws `validation_failed` with the place of a syntax error, a duplicate key, or a number beyond
 * 2^53 that a double cannot carry: a command is stored in serialized form, and such a number would change.
 * `exactMember`: the member whose inexact numbers, small ones too, arrive as `ExactNumber`, for the handler to judge.
 */
export function parseCommand(bytes: Buffer, exactMember?: string): unknown {
  const parsed = parseJson(bytes, LIMITS)
  if (!parsed.ok) throw malformed(parsed.findings, bytes)
  const { value, exact } = parsed
  if (exactMember !== undefined && isJsonObject(value) && Object.hasOwn(value, exactMember)) {
    value[exactMember] = exactValueOf(bytes, exactMember)
    if (isJsonObject(exact)) exact[exactMember] = exact === value ? value[exactMember] : null
  }
  const inexact = exact === value ? [] : inexactNumbers(exact)
  if (inexact.length > 0) throw malformed(inexact)
  return value
}

/** The member exists, and the whole document is well formed. */
function exactValueOf(bytes: Buffer, member: string): unknown {
  const sliced = sliceMembers(bytes)
  const { start, end } = (sliced.ok ? sliced.members.get(member) : undefined) ?? { start: 0, end: 0 }
  const parsed = parseJson(bytes.subarray(start, end), { ...LIMITS, exactNumbers: 'all' })
  return parsed.ok ? parsed.exact : undefined
}

/** `bytes`: the document that the findings refer to. */
export function malformed(findings: Finding[], bytes?: Buffer): ClarionError {
  const [first] = findings
  if (first?.rule === 'not_json' && bytes !== undefined) return notJson(first, bytes)
  return new ClarionError('validation_failed', `The body is wrong at '${first?.path}': ${first?.message}.`, {
    details: findings,
  })
}

function notJson(finding: Finding, bytes: Buffer): ClarionError {
  if (encodingFault(bytes) !== undefined)
    return new ClarionError('validation_failed', `The body ${finding.message}.`, { details: [finding] })
  const fault = findJsonFault(bytes.toString('utf8'))
  const message =
    fault === undefined
      ? finding.message
      : `unexpected ${fault.found} at line ${fault.line}, column ${fault.column} (position ${fault.position})`
  return new ClarionError('validation_failed', `The body is not JSON: ${message}.`, {
    details: [{ ...finding, message }],
  })
}
