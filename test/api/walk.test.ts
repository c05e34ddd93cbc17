import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describedPath } from '../../src/api/document/document.ts'
import type { Route } from '../../src/api/http/route.ts'
import { createValidators } from '../../src/api/http/validate.ts'
import { emitId, eventId } from '../../src/model/ids.ts'
import { holdsScope, SCOPE_SET, type Scope } from '../../src/model/scopes.ts'
import { openTestApi, type TestApi } from './api-harness.ts'
import { bodyFor, isOurs, queryFor } from './route-samples.ts'

let api: TestApi
let owner: Awaited<ReturnType<TestApi['organization']>>
let stranger: Awaited<ReturnType<TestApi['organization']>>
let ids: Record<string, string>

beforeAll(async () => {
  api = await openTestApi()
  owner = await api.organization('ENTERPRISE')
  stranger = await api.organization('ENTERPRISE')
  const key = await owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
  const registration = await owner.call('POST', '/api/v1/events/custom', registrationOf(owner.slug))
  const webhook = await owner.call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
  await owner.call('PUT', `/api/v1/webhooks/${webhook.data.id}/shadow`, {
    ...{ url: 'https://candidate.example.com/a', share: 10 },
  })
  const federation = '/api/v1/events/custom/federation'
  const group = await owner.call('POST', `${federation}/groups`, { name: 'Partners' })
  const peer = await owner.call('POST', `${federation}/groups/${group.data.id}/external-peers`, {
    ...{ label: 'auditor', webhookUrl: 'https://peer.example.com/in' },
  })
  const channel = await owner.call('POST', '/api/v1/notifications/channels', {
    ...{ name: 'ops', type: 'email', config: { recipients: ['ops@example.com'] } },
  })
  const workflow = await owner.call('POST', '/api/v1/workflows', {
    ...{ name: 'Reorder', trigger: { kind: 'event', event: 'sku_reorder' } },
    definition: { language: 1, actions: [{ key: 'end', type: 'stop', with: {} }] },
  })
  await owner.call('POST', `/api/v1/workflows/${workflow.data.id}/deploy`)
  const apiRoute = await owner.call('POST', '/api/v1/routes', {
    ...{ method: 'POST', path: '/orders' },
    definition: { language: 1, actions: [{ key: 'end', type: 'stop', with: {} }] },
  })
  await owner.call('POST', `/api/v1/routes/${apiRoute.data.id}/deploy`)
  await owner.call('PUT', '/api/v1/variables/REGION', { value: 'eu' })
  await owner.call('PUT', '/api/v1/secrets/TOKEN', { value: 'sealed' })
  const sink = await owner.call('POST', '/api/v1/sinks', {
    ...{ type: 'kafka', events: ['platformxe.generic'] },
    config: { bootstrapServers: ['kafka.example.com:9093'], topic: 'orders' },
  })
  const inspector = await owner.call('POST', '/api/v1/inspectors', {})
  const place = {
    timestampMs: 1_760_000_000_000,
    partition: 0,
    offset: 5,
    organizationId: owner.id,
    environment: 'live',
    kind: 'emits',
  } as const
  ids = {
    '/api/v1/keys': key.data.key.id,
    '/api/v1/events/custom': registration.data.id,
    '/api/v1/events/custom/emits': emitId(place),
    '/api/v1/events': eventId(place),
    [`${federation}/groups`]: group.data.id,
    [`${federation}/external-peers`]: peer.data.peer.id,
    '/api/v1/webhooks': webhook.data.id,
    '/api/v1/notifications/channels': channel.data.id,
    '/api/v1/workflows': workflow.data.id,
    '/api/v1/routes': apiRoute.data.id,
    '/api/v1/variables': 'REGION',
    '/api/v1/secrets': 'TOKEN',
    '/api/v1/sinks': sink.data.id,
    '/api/v1/inspectors': inspector.data.id,
    '/api/v1/webhooks/deliveries': `dlv_${'0'.repeat(32)}`,
  }
})
afterAll(() => api?.close())

const registrationOf = (namespace: string) => ({
  namespace,
  name: 'order.made',
  version: '1.0.0',
  payloadSchema: { type: 'object' },
})

/** The path with the owner's id in it, or an id that does not exist; undefined for a route that names nothing. */
function pathTo(route: Route): string | undefined {
  const at = route.path.indexOf('/:')
  if (at < 0) return undefined
  const id = ids[route.path.slice(0, at)] ?? 'none_00000000000000000000000000'
  return route.path.replace(/:\w+/, id).replace(':version', '1').replace(/:\w+/g, 'none_00000000000000000000000000')
}

/** Whether nothing else than this scope opens the route. */
const needs = ({ access }: Route, scope: string) => access.split(' and ').includes(scope)

/** A call by name makes what is not there, in the caller's own organization. */
const makesByName = ({ method, path }: Route) => method === 'PUT' && path.endsWith('/:name')

const RECORDS = [
  ...(['webhook', 'registration', 'key', 'notification-channel'] as const),
  ...(['workflow', 'workflow-version', 'variable', 'secret'] as const),
]
/** What it is about is in the query, so it is no list. */
const NAMES_BY_QUERY = new Set(['/api/v1/events/custom/compare'])

const recordsOf = (organizationId: string) => RECORDS.flatMap(kind => [...api.view.list(kind, organizationId)])

describe('every route', () => {
  it('behind a scope answers 404 to an id of another organization, and changes nothing', async () => {
    const named = api.routes.filter(
      route => route.access.includes(':') && route.path.includes('/:') && isOurs(route) && !makesByName(route),
    )
    expect(named.length).toBeGreaterThanOrEqual(13)
    const before = recordsOf(owner.id)
    for (const route of named) {
      const reply = await stranger.call(route.method, pathTo(route)! + queryFor(route), bodyFor(route))
      const said = [route.method, route.path, reply.status, reply.code]
      expect(said).toEqual([route.method, route.path, 404, expect.stringMatching(/(?:^|_)not_found$/)])
      expect(JSON.stringify(reply.body)).not.toContain(owner.id)
    }
    expect(recordsOf(owner.id)).toEqual(before)
  })

  it('that lists shows nothing of another organization', async () => {
    const lists = api.routes.filter(
      route =>
        route.method === 'GET' &&
        route.access.includes(':') &&
        !route.path.includes(':') &&
        route.isStream !== true &&
        !NAMES_BY_QUERY.has(route.path),
    )
    expect(lists.length).toBeGreaterThanOrEqual(6)
    for (const route of lists) {
      const reply = await stranger.call('GET', route.path + queryFor(route))
      expect([route.path, reply.status]).toEqual([route.path, 200])
      expect(JSON.stringify(reply.body)).not.toContain(owner.id)
      expect(JSON.stringify(reply.body)).not.toContain(owner.slug)
    }
  })

  it("of the operator's is closed to an organization's key, the same whether the organization exists or not", async () => {
    const operators = api.routes.filter(route => route.access === 'operator')
    expect(operators.length).toBeGreaterThanOrEqual(10)
    for (const route of operators) {
      const to = (id: string) => route.path.replace(':id', id).replace(':namespace', 'ns')
      const body = route.body === undefined ? undefined : {}
      const [own, none] = [
        await stranger.call(route.method, to(owner.id), body),
        await stranger.call(route.method, to('org_none'), body),
      ]
      expect([route.path, own.status, own.code]).toEqual([route.path, 403, 'insufficient_scope'])
      expect(own.body.error?.message).toBe(none.body.error?.message)
    }
  })

  it('but the public ones answers 401 without a key, before it looks at anything else', async () => {
    const anonymous = api.as(undefined)
    for (const route of api.routes.filter(each => each.access !== 'public' && isOurs(each))) {
      const reply = await anonymous(
        route.method,
        route.path.replace(/:\w+/g, 'x'),
        route.method === 'GET' ? undefined : '{',
      )
      expect([route.path, reply.status, reply.code]).toEqual([route.path, 401, 'unauthorized'])
    }
  })

  it('needs its scope: a key with all the others that do not include it is refused', async () => {
    const { scopes } = (await owner.call('GET', '/api/v1/whoami')).data.key
    for (const scope of [
      'events:emit',
      'events:read',
      'events:manage',
      'webhooks:read',
      'webhooks:manage',
      'usage:read',
      'keys:manage',
      'audit:read',
      'workflows:manage',
      'workflows:run',
      'secrets:use',
    ] as const) {
      const others = scopes.filter((each: Scope) => !holdsScope({ scopes: [each], scopeSet: SCOPE_SET }, scope))
      const key = await owner.call('POST', '/api/v1/keys', { name: 'all but one', environment: 'live', scopes: others })
      const limited = api.as(key.data.apiKey)
      for (const route of api.routes.filter(each => needs(each, scope) && isOurs(each))) {
        const reply = await limited(
          route.method,
          route.path.replace(/:\w+/g, 'x'),
          route.body === undefined ? undefined : {},
        )
        expect([route.path, reply.status, reply.code]).toEqual([route.path, 403, 'insufficient_scope'])
      }
    }
  })

  it('that lists refuses unknown parameters of the query, and limits out of bounds', async () => {
    for (const route of api.routes.filter(
      each =>
        each.method === 'GET' && each.query !== undefined && !each.path.includes(':') && each.access !== 'operator',
    )) {
      const unknown = await owner.call('GET', `${route.path}?statsu=x`)
      expect([route.path, unknown.status, unknown.body.error?.details?.find(each => each.path === '/statsu')]).toEqual([
        route.path,
        400,
        expect.objectContaining({ path: '/statsu', rule: 'unknown_field' }),
      ])
      if (!Object.hasOwn((route.query?.properties ?? {}) as object, 'limit')) continue
      for (const limit of ['0', '101', 'ten', '1&limit=2'])
        expect((await owner.call('GET', `${route.path}?limit=${limit}`)).status).toBe(400)
    }
  })

  it('that gives an answer gives the one that its schema in the OpenAPI document promises', async () => {
    const { body: document } = await api.as(undefined)('GET', '/openapi.json')
    const paths = (
      document as unknown as {
        openapi: string
        paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
      }
    ).paths
    const validators = createValidators()
    for (const route of api.routes.filter(each => each.method === 'GET' && each.answer !== undefined)) {
      const path =
        route.path.includes('/:') && route.access !== 'operator' ? pathTo(route)! : route.path.replace(':id', owner.id)
      const reply = await (route.access === 'operator' ? api.operator : owner.call)('GET', path + queryFor(route))
      // A missing resource has no answer to compare here.
      if (reply.status === 404 && !Object.hasOwn(ids, route.path.slice(0, route.path.indexOf('/:')))) continue
      if (reply.status === 404 && /emits|deliveries|events\/:id/.test(route.path)) continue
      expect([route.path, reply.status]).toEqual([route.path, 200])
      validators.body(route.answer!)(reply.data)
      expect(paths[describedPath(route.path)]?.get?.responses['200']).toBeDefined()
    }
  })
})

it('the OpenAPI document names every route once', async () => {
  const { body } = await api.as(undefined)('GET', '/openapi.json')
  const { openapi, paths } = body as unknown as {
    openapi: string
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const named = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method} ${path}`),
  )
  expect(openapi).toBe('3.1.0')
  expect(named.sort()).toEqual(
    api.routes.map(route => `${route.method.toLowerCase()} ${describedPath(route.path)}`).sort(),
  )
  const operations = Object.values(paths).flatMap(methods => Object.values(methods).map(each => each.operationId))
  expect(new Set(operations).size).toBe(operations.length)
})
