/** The routes that ask ClickHouse, while ClickHouse is away, hangs, or is answered for by something else. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import type { Route } from '../../src/api/http/route.ts'
import { clock, logger } from '../control-plane/control-plane-harness.ts'
import { testClickHouse } from '../support/clickhouse.ts'
import {
  FAULTS,
  type Fault,
  type FaultyClickHouse,
  failing,
  type Order,
  openFaultyClickHouse,
} from '../support/faulty-clickhouse.ts'
import { patient } from '../support/patience.ts'
import { unhandledRejectionsOf } from '../support/unhandled-rejections.ts'
import { until } from '../support/until.ts'
import { openTestApi, type Reply, type TestApi } from './api-harness.ts'
import { type Furnished, furnish } from './furnished.ts'
import { bodyFor, isOurs, queryFor } from './route-samples.ts'

/** Longer than any answer takes on a busy machine, and short enough to wait for where none comes. */
const READ_TIMEOUT_MS = patient(2_000)
/** The settings of a webhook, a workflow or a route can be read and changed without the history, and so can a replay; figures are left out. */
const WITHOUT_HISTORY =
  /^(GET|POST|PATCH) \/api\/v1\/webhooks(\/:id(\/(activate|rotate|rotate-secret))?)?$|^POST \/api\/v1\/replays\/:id\/(pause|resume|cancel)$|^(GET|POST|PUT|PATCH) \/api\/v1\/(workflows|routes)(\/:id(\/(draft|deploy|rollback|undeploy|activate|deactivate))?)?$/
const nameOf = ({ method, path }: Route) => `${method} ${path}`

let clickhouse: FaultyClickHouse
let api: TestApi
/** Routes that ask ClickHouse, with how often. */
const asking = new Map<Route, number>()

/** Reads go first; calls that leave nothing to change go last. */
const rankOf = ({ method, path }: Route): number =>
  method === 'GET' ? 0 : /\/(archive|leave|cancel|suspend|pause)$/.test(path) ? 2 : 1

async function learn(route: Route, furnished: Furnished): Promise<void> {
  let queries = 0
  clickhouse.decide(() => {
    queries++
    return undefined
  })
  const reply = await ask(route, furnished)
  expect([route.method, route.path, reply.status]).not.toEqual([route.method, route.path, 500])
  if (queries > 0) asking.set(route, queries)
}

function ask(route: Route, furnished: Furnished): Promise<Reply> {
  const call = route.access === 'operator' ? api.operator : furnished.call
  return call(route.method, furnished.pathOf(route.path) + queryFor(route), bodyOf(route, furnished))
}

function bodyOf(route: Route, { slug }: Furnished): unknown {
  if (route.method !== 'POST') return bodyFor(route)
  if (route.path.endsWith('/dead-letters/redrive')) return { from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z' }
  if (route.path.endsWith('/dry-run'))
    return {
      ...(bodyFor(route) as object),
      namespace: slug,
      name: 'order.made',
      version: '1.1.0',
      payloadSchema: { type: 'object' },
      history: true,
    }
  if (route.path.endsWith('/replays'))
    return {
      source: { from: new Date(clock.nowMs() - 60_000).toISOString() },
      target: { kind: 'webhook', ids: ['wh_none'] },
    }
  return bodyFor(route)
}

/** Routes that only read. */
const reading = () => [...asking.keys()].filter(({ method }) => method === 'GET')

/** One call while queries fail; what came of it, and that the process lives. */
async function expectUnavailable(
  route: Route,
  furnished: Furnished,
  fault: Fault,
  order: Order,
  place = 0,
): Promise<void> {
  const plan = failing(fault, order, place)
  clickhouse.decide(plan.decide)
  const said = [route.method, route.path, fault, order, place]
  let reply: Reply | undefined
  const rejections = await unhandledRejectionsOf(async () => {
    reply = await ask(route, furnished)
  })
  expect([...said, ...rejections]).toEqual(said)
  expectHistoryAway(route, reply!, plan.failed() > 0, said)
  clickhouse.decide(() => undefined)
  expect((await api.as(undefined)('GET', '/health')).status).toBe(200)
}

function expectHistoryAway(route: Route, reply: Reply, isAway: boolean, said: Array<string | number>): void {
  if (!isAway) return
  if (WITHOUT_HISTORY.test(nameOf(route)) && reply.status < 300) {
    expect(reply.data).toBeDefined()
    return
  }
  expect([...said, reply.status, reply.code]).toEqual([...said, 503, 'service_unavailable'])
  expect([...said, reply.headers.get('retry-after')]).toEqual([...said, expect.stringMatching(/^[1-9]\d*$/)])
}

/** The tests of a file. Of reading routes and faults, each `share`-th pair is tried, so that every route and every fault has its turn. */
export function historyFaults(share: number): void {
  beforeAll(async () => {
    clickhouse = await openFaultyClickHouse((await testClickHouse()).url)
    const openHistory = (database: string) =>
      createAnalyticsClient({ url: clickhouse.url, database, clock, logger, requestTimeoutMs: READ_TIMEOUT_MS })
    api = await openTestApi({ openHistory })
    const [own, deleted, ofOperator] = (await Promise.all([furnish(api), furnish(api), furnish(api)])) as [
      Furnished,
      Furnished,
      Furnished,
    ]
    for (const route of api.routes.filter(isOurs).sort((a, b) => rankOf(a) - rankOf(b)))
      await learn(
        route,
        route.method === 'DELETE' ? deleted : route.access === 'operator' && route.method !== 'GET' ? ofOperator : own,
      )
  }, 120_000)
  afterAll(async () => {
    await api?.close()
    await clickhouse?.close()
  })

  it('the routes that ask ClickHouse are known, lists and others', () => {
    const paths = [...asking.keys()].map(nameOf)
    expect(paths.length).toBeGreaterThan(25)
    for (const path of [
      '/api/v1/webhooks/:id/deliveries',
      '/api/v1/audit',
      '/api/v1/events/:id',
      '/api/v1/ledger',
      '/api/v1/replays/:id/items',
    ])
      expect(paths).toContain(`GET ${path}`)
  })

  describe('a route that asks ClickHouse answers 503 with Retry-After, and the process goes on, when', () => {
    const faults = (Object.keys(FAULTS) as Fault[]).filter(fault => !fault.startsWith('never'))
    it.each(faults)('each answer %s', async fault => {
      const furnished = await furnish(api)
      for (const [at, route] of reading().entries())
        if ((at + faults.indexOf(fault)) % share === 0) await expectUnavailable(route, furnished, fault, 'together')
    })

    it.each(['never comes', 'never ends'] as const)('an answer %s, after the time that a query has', async fault => {
      const furnished = await furnish(api)
      const routes = reading()
      clickhouse.decide(() => fault)
      const replies = await Promise.all(routes.map(async route => [route, await ask(route, furnished)] as const))
      for (const [route, reply] of replies) {
        const isKept = WITHOUT_HISTORY.test(nameOf(route))
        expect([route.path, reply.status, reply.headers.get('retry-after')]).toEqual([
          route.path,
          isKept ? 200 : 503,
          isKept ? null : '5',
        ])
      }
      clickhouse.decide(() => undefined)
      expect((await api.as(undefined)('GET', '/health')).status).toBe(200)
    })

    it.each(['first', 'last'] as const)('one of its queries fails %s, whichever it is', async order => {
      const furnished = await furnish(api)
      for (const [at, route] of reading().entries())
        for (let place = 0; place < asking.get(route)!; place++)
          if ((at + place + (order === 'first' ? 0 : 1)) % share === 0)
            await expectUnavailable(route, furnished, 'is reset', order, place)
    })

    it('it changes something, and any of its queries fails', async () => {
      const changing = [...asking].filter(([{ method }]) => method !== 'GET')
      for (const [route, queries] of changing.filter((_, at) => at % Math.ceil(share / 3) === 0)) {
        const places = share === 1 ? Array.from({ length: queries }, (_, place) => place) : [queries - 1]
        const each = await Promise.all(places.map(async place => [place, await furnish(api)] as const))
        for (const [place, furnished] of each) await expectUnavailable(route, furnished, 'is reset', 'last', place)
      }
    })
  })

  it('queries that hang hold no more than their share: the next ones are refused at once, and everything else is served', async () => {
    const furnished = await furnish(api)
    clickhouse.decide(() => 'never comes')
    const calls = Array.from({ length: 300 }, () => furnished.call('GET', '/api/v1/events/custom/emits'))
    const replies = await Promise.all(calls)
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([503]))
    clickhouse.decide(() => undefined)
    await until(
      () => furnished.call('GET', '/api/v1/events/custom/emits'),
      ({ status }) => status === 200,
    )
  })
}
