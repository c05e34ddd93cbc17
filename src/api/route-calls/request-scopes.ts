/** The scopes of a request that a run of a route reads: `$body`, `$bodyRaw`, `$query`, `$path`, `$header`, `$user`. */
import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import { parseJson } from '../../json/json.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { WorkflowVersion } from '../../model/workflows.ts'
import type { Validators } from '../../registry/validators.ts'
import { definitionText } from '../../workflows/kept-definition.ts'
import type { Route } from '../../workflows/route-table.ts'
import type { RouteUser } from './callers.ts'

export interface RouteRequest {
  route: Route
  version: WorkflowVersion
  headers: IncomingHttpHeaders
  /** Without its question mark. */
  query: string
  params: Record<string, string>
  user: RouteUser
  body: Buffer
}

const DEPTH_MAX = 64
const JSON_MEDIA = /^application\/(?:[a-z0-9.+-]+\+)?json$/
/** Never part of a run: history would show them. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'x-api-key', 'cookie'])

/** A JSON object. Throws `body_invalid`. `hidden`: a further header that carries a key. */
export function scopesOf(request: RouteRequest, validators: Validators, hidden: string): string {
  const { headers, query, params, user, body } = request
  const isText = isUtf8(body)
  const { value, exact } = bodyOf(body, headers, isText)
  checkBody(request.route, value, validators)
  const scopes = {
    $body: exact,
    $query: { ...parseQuery(query) },
    $path: params,
    $header: shown(headers, hidden),
    $user: user,
  }
  return JSON.stringify(readsRaw(request.version) ? { ...scopes, $bodyRaw: isText ? body.toString() : null } : scopes)
}

/** JSON as such, forms as an object, text as text; null for anything else. */
function bodyOf(body: Buffer, headers: IncomingHttpHeaders, isText: boolean): { value: unknown; exact: unknown } {
  const media = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (body.length === 0) return both(null)
  if (JSON_MEDIA.test(media)) {
    const parsed = parseJson(body, { depthMax: DEPTH_MAX, duplicateKeys: 'refuse', exactNumbers: 'all' })
    if (parsed.ok) return parsed
    throw invalid(parsed.findings)
  }
  if (!isText) return both(null)
  if (media === 'application/x-www-form-urlencoded') return both({ ...parseQuery(body.toString()) })
  return both(media.startsWith('text/') ? body.toString() : null)
}

const both = (value: unknown) => ({ value, exact: value })

function checkBody({ trigger }: Route, value: unknown, validators: Validators): void {
  const { bodySchema, bodySchemaHash } = trigger
  if (bodySchema === null || bodySchemaHash === null) return
  const schema = {
    schemaHash: bodySchemaHash,
    payloadSchema: bodySchema,
    schemaFlavour: 'json-schema-2020-12',
  } as const
  const findings = validators.validate(schema, value)
  if (findings.length > 0) throw invalid(findings)
}

function invalid(details: Finding[]): ClarionError {
  const [first] = details
  return new ClarionError('body_invalid', `The body is wrong at '${first?.path}': ${first?.message}.`, { details })
}

function shown(headers: IncomingHttpHeaders, hidden: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name) && name !== hidden))
}

/** Once for each version: the text is kept twice only where a definition reads it. */
const raw = new WeakMap<WorkflowVersion, boolean>()

function readsRaw(version: WorkflowVersion): boolean {
  const known = raw.get(version)
  if (known !== undefined) return known
  const reads = definitionText(version).includes('$bodyRaw')
  raw.set(version, reads)
  return reads
}
