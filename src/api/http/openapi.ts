/** The OpenAPI 3.1 document, made from the route table. */
import { CODES, type Code } from '../../model/codes.ts'
import type { Access, Route, Schema } from './route.ts'

const ERROR: Schema = {
  type: 'object',
  required: ['success', 'error'],
  properties: {
    success: { const: false },
    error: {
      type: 'object',
      required: ['code', 'message', 'requestId', 'retryable'],
      properties: {
        code: { type: 'string', enum: Object.keys(CODES) },
        message: { type: 'string' },
        details: {
          type: 'array',
          items: {
            type: 'object',
            required: ['path', 'rule', 'message'],
            properties: { path: { type: 'string' }, rule: { type: 'string' }, message: { type: 'string' } },
          },
        },
        requestId: { type: 'string' },
        retryable: { type: 'boolean' },
        earliestCursor: { type: 'string', description: 'With cursor_expired: where reading can go on.' },
        lostEvents: { type: ['integer', 'null'], description: 'With cursor_expired: events that are no longer kept.' },
        reason: { type: 'string', description: 'With cursor_expired: `ahead` where the log ends before the cursor.' },
        emitId: { type: 'string', description: 'With bus_relay_failed: the recorded emit, which can be redriven.' },
      },
    },
  },
}

export function createOpenApi(routes: readonly Route[], options: { version: string; aliasKeyHeader: string }): string {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'Clarion',
      version: options.version,
      description: 'Typed events in, judged exactly once, signed webhooks out.',
    },
    paths,
    components: {
      schemas: { Error: ERROR },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        alias: { type: 'apiKey', in: 'header', name: options.aliasKeyHeader },
      },
    },
  })
}

function operation(route: Route): Record<string, unknown> {
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: needs(route.access),
    ...(route.access === 'public' ? { security: [] } : { security: [{ bearer: [] }, { apiKey: [] }, { alias: [] }] }),
    parameters: [...pathParameters(route), ...queryParameters(route.query), ...headerParameters(route)],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } }),
    responses: {
      [route.status ?? 200]: answered(route),
      default: { description: errorsOf(route), content: json({ $ref: '#/components/schemas/Error' }) },
    },
  }
}

const mediaOf = (content: Record<string, Schema>) =>
  Object.fromEntries(Object.entries(content).map(([media, schema]) => [media, { schema }]))

const json = (schema: Schema) => ({ 'application/json': { schema } })

function operationId({ method, path }: Route): string {
  const words = path
    .replace('/api/v1', '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  return [method.toLowerCase(), ...words]
    .map((word, at) => (at === 0 ? word : word[0]!.toUpperCase() + word.slice(1)))
    .join('')
}

function needs(access: Access): string {
  if (access === 'public') return 'Needs no key.'
  if (access === 'any') return 'Needs any key.'
  return access === 'operator'
    ? "Needs the operator's key."
    : `Needs a key with the scope${access.includes(' and ') ? 's' : ''} ${access}.`
}

const pathParameters = ({ path }: Route) =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))

function queryParameters(query: Schema | undefined): unknown[] {
  const properties = (query?.properties ?? {}) as Record<string, Schema>
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

const headerParameters = ({ takesIdempotencyKey }: Route): unknown[] =>
  takesIdempotencyKey === true ? [IDEMPOTENCY_KEY] : []

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: '1 to 255 printable characters, in UTF-8, once. Repeating the call with it does nothing twice.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

function answered(route: Route): Record<string, unknown> {
  if (route.content !== undefined)
    return { description: 'Content without the envelope.', content: mediaOf(route.content) }
  if (route.answer === undefined) return { description: 'Content without the envelope.', content: { '*/*': {} } }
  const meta = {
    type: 'object',
    properties: { requestId: { type: 'string' }, nextCursor: { type: ['string', 'null'] }, ...route.meta },
    required: ['requestId'],
  }
  const properties = { success: { const: true }, data: route.answer, meta }
  return {
    description: 'Success.',
    content: json({ type: 'object', properties, required: ['success', 'data', 'meta'] }),
  }
}

function errorsOf(route: Route): string {
  const codes: Code[] =
    route.access === 'public'
      ? ['internal_error']
      : ['unauthorized', 'insufficient_scope', 'validation_failed', 'internal_error']
  return `An error, such as ${codes.map(code => `${CODES[code].status} ${code}`).join(', ')}; docs/reference/codes.md lists all.`
}
