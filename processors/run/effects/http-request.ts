/** The action `http_request`: its request, and its answer as a step's. */
import type { Clock } from '../../../src/clock.ts'
import type { CallAnswer, Caller, CallResult, OutboundCall } from '../../../src/delivery/outbound-call.ts'
import { retryAfterMs } from '../../../src/delivery/retry-schedule.ts'
import { parseJson } from '../../../src/json/json.ts'
import type { StepError } from '../../../src/workflows/interpreter/run.ts'
import type { HttpMethod } from '../../../src/workflows/language/definition.ts'
import type { OutwardCall, StepAnswer } from './step.ts'

/** `with` after its templates; the secret is a value. */
export interface HttpRequestInput {
  method?: HttpMethod
  url: string
  query?: Record<string, unknown>
  headers?: Record<string, string>
  body?: unknown
  auth?: { type: 'bearer' | 'basic' | 'header'; secret: string; name?: string }
  failOnStatus?: false | number[]
}

const AGENT = 'Clarion-Workflow/1.0'
const JSON_DEPTH_MAX = 256
const STATUS_FAILED = 400
/** Statuses below 500 that may pass. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])
/** The connection's own, which the client writes. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'keep-alive', 'proxy-connection', 'content-length', 'transfer-encoding', 'te'],
  ...['trailer', 'upgrade', 'expect'],
])

type Request = Pick<OutboundCall, 'method' | 'url' | 'headers' | 'body'>

export async function performRequest(
  { effect, stepId, timeoutMs, signal }: OutwardCall,
  { caller, clock }: { caller: Caller; clock: Clock },
): Promise<StepAnswer> {
  const input = effect.with as HttpRequestInput
  const made = requestOf(input, stepId)
  if ('error' in made) return made
  return answerOf(await caller.call({ ...made, timeoutMs, signal }), input.failOnStatus, Math.round(clock.nowMs()))
}

export function requestOf(input: HttpRequestInput, stepId: string): Request | { error: StepError } {
  const { method = 'GET', auth } = input
  const body = bodyOf(input.body)
  const headers: Record<string, string> = { 'user-agent': AGENT, accept: '*/*' }
  if (body !== null && typeof input.body !== 'string') headers['content-type'] = 'application/json'
  for (const [name, value] of Object.entries(input.headers ?? {})) headers[name.toLowerCase()] = value
  if (auth !== undefined)
    headers[auth.type === 'header' ? (auth.name ?? '').toLowerCase() : 'authorization'] = credential(auth)
  const reserved = Object.keys(headers).find(name => name === '' || RESERVED.has(name))
  if (reserved !== undefined) return invalid(`The header '${reserved}' is not the workflow's to set.`)
  headers['idempotency-key'] = stepId
  const url = withQuery(input.url, input.query)
  return url === undefined ? invalid('The URL is none.') : { method, url, headers, body }
}

const invalid = (message: string): { error: StepError } => ({ error: { code: 'with_invalid', message } })

function credential({ type, secret }: NonNullable<HttpRequestInput['auth']>): string {
  if (type === 'header') return secret
  return type === 'bearer' ? `Bearer ${secret}` : `Basic ${Buffer.from(secret).toString('base64')}`
}

function bodyOf(body: unknown): Buffer | null {
  if (body === undefined) return null
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

/** Null is left out, a list repeats its name. */
function withQuery(text: string, query: Record<string, unknown> = {}): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  url.hash = ''
  for (const [name, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== null && each !== undefined) url.searchParams.append(name, textOf(each))
  return url.href
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const CODE_OF: Readonly<Record<string, string>> = {
  blocked_address: 'egress_refused',
  timeout: 'http_timeout',
  too_large: 'response_too_large',
}
const LASTING: ReadonlySet<string> = new Set(['egress_refused', 'response_too_large'])

export function answerOf(
  result: CallResult,
  failOnStatus: HttpRequestInput['failOnStatus'],
  nowMs: number,
): StepAnswer {
  if ('errorKind' in result) {
    const code = CODE_OF[result.errorKind] ?? 'http_failed'
    return { error: { code, message: result.error, isTransient: !LASTING.has(code) } }
  }
  const { status } = result
  const isFailure = Array.isArray(failOnStatus)
    ? failOnStatus.includes(status)
    : failOnStatus !== false && status >= STATUS_FAILED
  if (!isFailure) return { output: outputOf(result) }
  const isTransient = PASSING.has(status) || status >= 500
  const waitMs = retryAfterMs(result, nowMs)
  const message = `The address answered ${status}.`
  return {
    error: { code: 'http_status', message, isTransient, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) },
  }
}

function outputOf({ status, headers, body, durationMs }: CallAnswer): unknown {
  return { status, headers, body: bodyIn(headers['content-type'] ?? '', body), durationMs }
}

/** JSON as its value, with the digits of its numbers; everything else as text. */
function bodyIn(contentType: string, body: Buffer): unknown {
  if (body.length === 0) return null
  if (/^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)) {
    const read = parseJson(body, { depthMax: JSON_DEPTH_MAX, duplicateKeys: 'refuse', exactNumbers: 'all' })
    if (read.ok) return read.exact
  }
  return body.toString('utf8')
}
