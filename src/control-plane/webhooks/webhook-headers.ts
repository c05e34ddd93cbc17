/** A webhook's own headers: sent with each of its requests, stored sealed; only their names are shown. */

import { pointerTo } from '../../json/json-pointer.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'

/** `bytes`: per header, name and value. */
export const HEADER_LIMITS = { headers: 10, bytes: 1_024 } as const

/** RFC 9110, `token`. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110, `field-value` in visible ASCII, which every receiver reads the same way. */
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/

const FORBIDDEN = new Set([
  ...[
    'host',
    'transfer-encoding',
    'connection',
    'cookie',
    'user-agent',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
  ],
  'traceparent',
  // Headers of the connection are not the owner's to set, and the HTTP client refuses them.
  ...[
    'keep-alive',
    'upgrade',
    'te',
    'trailer',
    'expect',
    'proxy-connection',
    'proxy-authorization',
    'proxy-authenticate',
  ],
  // The one name that JavaScript objects do not store as data.
  '__proto__',
])
const FORBIDDEN_PREFIXES = ['content-', 'x-event-', 'x-delivery-']
const FORBIDDEN_ENDS = ['-signature', '-signature-next']

/** Throws `header_not_allowed` with a finding for each header that cannot be sent. */
export function checkOwnHeaders(headers: Record<string, string>): void {
  const entries = Object.entries(headers)
  const details: Finding[] = []
  const refuse = (name: string, rule: string, message: string) =>
    details.push({ path: pointerTo('/headers', name), rule, message })
  if (entries.length > HEADER_LIMITS.headers)
    details.push({ path: '/headers', rule: 'count', message: `at most ${HEADER_LIMITS.headers} headers` })
  const seen = new Set<string>()
  for (const [name, value] of entries) {
    const lower = name.toLowerCase()
    if (!NAME.test(name)) refuse(name, 'name', 'is not the name of a header')
    else if (isForbidden(lower))
      refuse(name, 'forbidden', `${name} is set by the platform or belongs to the connection`)
    else if (seen.has(lower)) refuse(name, 'twice', 'names of headers are the same in upper and lower case')
    if (!VALUE.test(value)) refuse(name, 'value', 'has other characters than visible ASCII with spaces between')
    if (Buffer.byteLength(name) + Buffer.byteLength(value) > HEADER_LIMITS.bytes)
      refuse(name, 'size', `is larger than ${HEADER_LIMITS.bytes} bytes`)
    seen.add(lower)
  }
  const [first] = details
  if (first !== undefined)
    throw new ClarionError('header_not_allowed', `A header is wrong at ${first.path}: ${first.message}.`, { details })
}

/** Names of the platform's own signatures and ids are reserved. */
function isForbidden(lower: string): boolean {
  return (
    FORBIDDEN.has(lower) ||
    FORBIDDEN_PREFIXES.some(prefix => lower.startsWith(prefix)) ||
    FORBIDDEN_ENDS.some(end => lower.endsWith(end))
  )
}
