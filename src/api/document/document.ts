/** The OpenAPI 3.1 document, made from the route table. */
import { CODES, type Code } from '../../model/codes.ts'
import type { Access, Route, Schema } from '../http/route.ts'
import { actionComponents } from './actions.ts'
import { codesOf } from './codes-of-route.ts'
import { type Components, createComponents, type SchemaNames } from './components.ts'
import { ERROR, headersOf, isEmit, REQUEST_HEADERS, RESPONSE_HEADERS } from './fixed-parts.ts'
import { type OperationName, operationName } from './operation-names.ts'
import { pascal, singular } from './path-name.ts'
import { receivers } from './receivers.ts'

export interface DocumentOptions {
  /** Of the release. */
  version: string
  aliasKeyHeader: string
  names: SchemaNames
}

export interface OpenApi {
  openapi: string
  info: Record<string, unknown>
  servers: unknown[]
  tags: Array<{ name: string; description: string }>
  paths: Record<string, Record<string, Operation>>
  webhooks?: Record<string, unknown>
  components: { schemas: Record<string, Schema>; [kind: string]: Record<string, unknown> }
}

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  parameters: Schema[]
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> }
  responses: Record<string, { description?: string; $ref?: string; content?: Record<string, { schema: Schema }> }>
  'x-clarion-call': string
  'x-clarion-codes': Code[]
  'x-clarion-repeat': string
  /** `cursor`: a list that ends. `log`: it goes on, and its end is in `meta`. */
  'x-clarion-page'?: 'cursor' | 'log'
  'x-clarion-answer': 'data' | 'json' | 'text' | 'stream' | 'socket'
  [more: string]: unknown
}

export function createDocument(routes: readonly Route[], options: DocumentOptions): OpenApi {
  const components = createComponents(options.names)
  const paths: OpenApi['paths'] = {}
  const tags = new Map<string, string>()
  for (const route of routes) {
    const path = describedPath(route.path)
    const made = operation(route, components)
    tags.set(made.tags[0]!, `Calls below ${callPart(made['x-clarion-call'])}.`)
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: made }
  }
  const webhooks = receivers(components)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Clarion',
      version: options.version,
      description: 'Typed events in, judged exactly once, signed webhooks out.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The address that this document was read from.' }],
    tags: [...tags].map(([name, description]) => ({ name, description })),
    paths,
    webhooks,
    components: {
      schemas: { Error: ERROR, ...sorted({ ...components.all, ...actionComponents() }) },
      responses: refusalsByStatus(),
      headers: RESPONSE_HEADERS,
      parameters: REQUEST_HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        alias: { type: 'apiKey', in: 'header', name: options.aliasKeyHeader },
      },
    },
  }
}

const sorted = (schemas: Record<string, Schema>) =>
  Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1)))

function operation(route: Route, components: Components): Operation {
  const name = operationName(route)
  const codes = codesOf(route)
  const isPaged = (route.query?.properties as Schema | undefined)?.cursor !== undefined
  return {
    operationId: name.id,
    tags: [
      name.call.split('.').length === 1 ? 'calls' : name.call.split('.')[name.call.startsWith('events.') ? 1 : 0]!,
    ],
    summary: route.summary,
    ...(name.isAlias ? { deprecated: true } : {}),
    description: needs(route.access),
    ...(route.access === 'public' ? { security: [] } : { security: [{ bearer: [] }, { apiKey: [] }, { alias: [] }] }),
    parameters: [
      ...pathParameters(route),
      ...queryParameters(route.query, components, name),
      ...dryRunParameter(route),
      ...headersOf(route),
    ],
    ...bodyOf(route, components, name),
    responses: {
      ...dryRun(route, components, name),
      [route.status ?? 200]: answered(route, components, name),
      ...refusals(codes),
    },
    'x-clarion-call': name.call,
    'x-clarion-codes': codes,
    'x-clarion-repeat': name.repeat,
    ...(isPaged ? { 'x-clarion-page': route.meta?.atEnd === undefined ? ('cursor' as const) : ('log' as const) } : {}),
    'x-clarion-answer': answerKind(route),
  }
}

/** The names of path parameters say of what they are the id. */
export const describedPath = (path: string): string => {
  const names = parameterNames(path)
  let at = 0
  return path.replace(/:\w+/g, () => `{${names[at++]}}`)
}

export function parameterNames(path: string): string[] {
  const parts = path.split('/')
  const names: string[] = []
  for (const [at, part] of parts.entries()) {
    if (!part.startsWith(':')) continue
    const noun = singular(parts[at - 1]!)
    const name = parameterName(part, lower(pascal(NOUNS[noun] ?? noun)))
    names.push(names.includes(name) ? part.slice(1) : name)
  }
  return names
}

function parameterName(part: string, noun: string): string {
  if (part === ':mid') return 'memberId'
  if (part === ':name') return `${noun}Name`
  return part === ':id' ? `${noun}Id` : part.slice(1)
}

const NOUNS: Record<string, string> = { custom: 'registration', 'event-subscription': 'webhook', quarantine: 'emit' }
const lower = (word: string) => word.replace(/^./, first => first.toLowerCase())

const pathParameters = ({ path }: Route): Schema[] =>
  parameterNames(path).map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } }))

function queryParameters(query: Schema | undefined, components: Components, name: OperationName): Schema[] {
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  return Object.entries(properties).map(([field, { description, ...schema }]) => ({
    name: field,
    in: 'query',
    required: required.includes(field),
    ...(description === undefined ? {} : { description }),
    schema: components.refer(schema, 'request', `${pascal(name.id)}${pascal(field)}`),
  }))
}

function bodyOf(route: Route, components: Components, name: OperationName): Pick<Operation, 'requestBody'> {
  if (route.body === undefined) return {}
  const schema = components.refer(route.body, 'request', `${pascal(name.id)}Input`)
  return { requestBody: { required: route.bodyOptional !== true, content: json(schema) } }
}

const json = (schema: Schema) => ({ 'application/json': { schema } })

function answered(route: Route, components: Components, name: OperationName) {
  const headers = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }
  if (route.content !== undefined)
    return { description: 'Frames, for as long as the stream is open.', headers, content: mediaOf(route.content) }
  if (route.status === 101) return { description: 'A WebSocket.' }
  if (route.answer === undefined)
    return { description: 'Content without the envelope.', headers, content: mediaOf(bareContent(route)) }
  const data = components.refer(route.answer, 'answer', answerName(route, name))
  const isPaged = (route.query?.properties as Schema | undefined)?.cursor !== undefined
  const meta = components.refer(metaOf(route, isPaged), 'answer', metaName(route, name, isPaged))
  const properties = { success: { const: true }, data, meta }
  const drift = isEmit(route.path) ? { 'X-Schema-Drift': { $ref: '#/components/headers/X-Schema-Drift' } } : {}
  return {
    description: 'Success.',
    headers: { ...headers, ...drift },
    content: {
      ...json({ type: 'object', properties, required: ['success', 'data', 'meta'] }),
      ...mediaOf(Object.fromEntries((route.alsoAs ?? []).map(media => [media, { type: 'string' }]))),
    },
  }
}

/** Kits have calls of their own for what happens; of a dry run they have none, so it is marked. */
const DRY_RUN = { 'x-clarion-dry-run': true }

const dryRunParameter = ({ takesDryRun }: Route): Schema[] =>
  takesDryRun === true
    ? [{ name: 'dryRun', in: 'query', required: false, ...DRY_RUN, schema: { type: 'boolean' } }]
    : []

function dryRun({ dryRunAnswer }: Route, components: Components, { id }: OperationName) {
  if (dryRunAnswer === undefined) return {}
  const headers = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }
  const data = components.refer(dryRunAnswer, 'answer', `${pascal(id)}DryRun`)
  const meta = components.refer(metaOf({ meta: {} } as Route, false), 'answer', 'Meta')
  const schema = {
    type: 'object',
    properties: { success: { const: true }, data, meta },
    required: ['success', 'data', 'meta'],
  }
  return { 200: { description: 'A dry run: nothing happened.', ...DRY_RUN, headers, content: json(schema) } }
}

const answerName = (route: Route, { id }: OperationName) =>
  (route.answer as { type?: string }).type === 'array'
    ? singular(pascal(id.replace(/^list/, '')))
    : `${pascal(id)}Result`

function metaName({ meta }: Route, { id }: OperationName, isPaged: boolean): string {
  if (meta === undefined) return isPaged ? 'PageMeta' : 'Meta'
  return meta.totalAtLeast === undefined ? `${pascal(id)}Meta` : 'CountedPageMeta'
}

const metaOf = ({ meta = {} }: Route, isPaged: boolean): Schema => ({
  type: 'object',
  properties: {
    requestId: { type: 'string' },
    ...(isPaged ? { nextCursor: { type: ['string', 'null'] } } : {}),
    ...meta,
  },
  required: ['requestId'],
})

const isFacade = ({ path }: Route) => path.includes('/schema-registry')
const isText = ({ path }: Route) => path === '/metrics'

function bareContent(route: Route): Record<string, Schema> {
  if (isText(route)) return { 'text/plain': { type: 'string' } }
  return { [isFacade(route) ? 'application/vnd.schemaregistry.v1+json' : 'application/json']: {} }
}

const mediaOf = (content: Record<string, Schema>) =>
  Object.fromEntries(Object.entries(content).map(([media, schema]) => [media, { schema }]))

function answerKind(route: Route): Operation['x-clarion-answer'] {
  if (route.status === 101) return 'socket'
  if (route.content !== undefined) return 'stream'
  if (route.answer !== undefined) return 'data'
  return isText(route) ? 'text' : 'json'
}

/** One answer for each status; the codes of the call are in `x-clarion-codes`. */
const refusals = (codes: readonly Code[]) =>
  Object.fromEntries(
    [...new Set(codes.map(code => CODES[code].status))]
      .sort()
      .map(status => [String(status), { $ref: `#/components/responses/Refused${status}` }]),
  )

/** All refusals by status, with the codes that have it. */
function refusalsByStatus() {
  const byStatus = Map.groupBy(Object.keys(CODES) as Code[], code => CODES[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => {
      const retry = [429, 503].includes(status) ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } : {}
      const headers = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' }, ...retry }
      const description = `One of ${some.join(', ')}.`
      return [`Refused${status}`, { description, headers, content: json({ $ref: '#/components/schemas/Error' }) }]
    }),
  )
}

function needs(access: Access): string {
  if (access === 'public') return 'Needs no key.'
  if (access === 'any') return 'Needs any key.'
  return access === 'operator'
    ? "Needs the operator's key."
    : `Needs a key with the scope${access.includes(' and ') ? 's' : ''} ${access.replace(' or operator', ", or the operator's")}.`
}

const callPart = (call: string) => call.split('.').slice(0, -1).join('.') || 'the client itself'
