/** What an inspector may answer: it is on the origin of the API and the console, where a header can do harm. */
import { pointerTo } from '../../json/json-pointer.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { InspectorAnswer } from '../../model/inspectors.ts'

const HEADERS_MAX = 20
const HEADER_BYTES_MAX = 1_024
const BODY_BYTES_MAX = 4_096
/** RFC 9110, `token`, and `field-value` in visible ASCII. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/
/** Those of the connection, of cookies, and those that tell a browser what a page of this origin may do. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'date', 'keep-alive', 'trailer', 'transfer-encoding', 'upgrade', '__proto__'],
  ...['set-cookie', 'clear-site-data', 'refresh', 'location', 'link', 'sourcemap', 'service-worker-allowed', 'alt-svc'],
  ...['strict-transport-security', 'content-security-policy', 'content-security-policy-report-only'],
  ...['x-content-type-options', 'report-to', 'reporting-endpoints', 'nel', 'www-authenticate'],
])
const RESERVED_PREFIXES = ['access-control-', 'cross-origin-']
const WITHOUT_BODY = [204, 205, 304]

/** Throws `header_not_allowed`, `validation_failed`. */
export function checkedAnswer(answer: InspectorAnswer): InspectorAnswer {
  checkHeaders(answer.headers)
  const bodyFault = faultOfBody(answer)
  if (bodyFault !== undefined)
    throw new ClarionError('validation_failed', `The body of the answer ${bodyFault}.`, {
      details: [{ path: '/answer/body', rule: 'answer', message: bodyFault }],
    })
  return answer
}

function faultOfBody({ status, body }: InspectorAnswer): string | undefined {
  if (Buffer.byteLength(body) > BODY_BYTES_MAX) return `is larger than ${BODY_BYTES_MAX} bytes`
  return WITHOUT_BODY.includes(status) && body !== '' ? `must be empty: an answer ${status} has none` : undefined
}

function checkHeaders(headers: Record<string, string>): void {
  const details: Finding[] = []
  const entries = Object.entries(headers)
  if (entries.length > HEADERS_MAX)
    details.push({ path: '/answer/headers', rule: 'count', message: `at most ${HEADERS_MAX} headers` })
  for (const [name, value] of entries) {
    const fault = faultOf(name, value)
    if (fault !== undefined) details.push({ path: pointerTo('/answer/headers', name), ...fault })
  }
  const [first] = details
  if (first !== undefined)
    throw new ClarionError('header_not_allowed', `A header is wrong at ${first.path}: ${first.message}.`, { details })
}

function faultOf(name: string, value: string): Omit<Finding, 'path'> | undefined {
  const lower = name.toLowerCase()
  if (!NAME.test(name)) return { rule: 'name', message: 'is not the name of a header' }
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some(prefix => lower.startsWith(prefix)))
    return { rule: 'forbidden', message: `${name} is not for an answer on the origin of the console` }
  if (!VALUE.test(value)) return { rule: 'value', message: 'has other characters than visible ASCII' }
  if (name.length + value.length > HEADER_BYTES_MAX)
    return { rule: 'size', message: `is larger than ${HEADER_BYTES_MAX} bytes` }
  return undefined
}
