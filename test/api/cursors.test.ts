/** Cursors and other places of a query, as callers may make them up, on every route that takes one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Route } from '../../src/api/http/route.ts'
import type { ListName } from '../../src/model/cursors.ts'
import { cursorOf, forgedCursor, LIST_NAMES } from '../model/forged-cursors.ts'
import { TIMES } from '../support/searches.ts'
import { openTestApi, type Reply, type TestApi } from './api-harness.ts'
import { type Furnished, furnish } from './furnished.ts'

const FORGED_OF_EACH = 3 * TIMES
/** Of the texts that are tried, how many on each parameter: all of them in `npm run test:long`. */
const TEXTS_OF_EACH = 2 * TIMES

let api: TestApi
let owner: Furnished
beforeAll(async () => {
  api = await openTestApi()
  owner = await furnish(api)
}, 120_000)
afterAll(() => api?.close())

/** Cursors of the log are signed, and its places are not times alone: `test/streaming` and `test/platform` have both. */
const readsTheLog = ({ path }: Route) => path === '/api/v1/events' || path === '/api/v1/events/stream'
/** `from` and `to` are versions of an event. */
const comparesVersions = ({ path }: Route) => path === '/api/v1/events/custom/compare'
/** The role `queue` answers it: `test/platform/queues.test.ts`. */
const asksAQueue = ({ path }: Route) => path === '/api/v1/queues/:id/dead'
const isApart = (route: Route) => readsTheLog(route) || comparesVersions(route) || asksAQueue(route)
const takes = (route: Route, name: string) =>
  Object.hasOwn((route.query?.properties ?? {}) as object, name) && !isApart(route)
const routesThatTake = (name: string) => api.routes.filter(route => route.method === 'GET' && takes(route, name))

function ask(route: Route, query: Record<string, string>): Promise<Reply> {
  const call = route.access === 'operator' ? api.operator : owner.call
  return call('GET', `${owner.pathOf(route.path)}?${new URLSearchParams(query)}`)
}

const sampleOf = <T>(values: fc.Arbitrary<T>, count: number): T[] => fc.sample(values, count)

/** The lists whose cursors a route takes. The audit trail has two, by its filter. */
async function listsOf(route: Route, query: Record<string, string>): Promise<ListName[]> {
  const taken: ListName[] = []
  for (const list of LIST_NAMES) {
    const reply = await ask(route, { ...query, cursor: sampleOf(cursorOf(list), 1)[0]! })
    if (reply.status === 200) taken.push(list)
    else expect([route.path, list, reply.status, reply.code]).toEqual([route.path, list, 400, 'validation_failed'])
  }
  return taken
}

describe('every route that takes a cursor', () => {
  it('takes those of one list alone, and refuses what nobody gave out as validation_failed at /cursor', async () => {
    const routes = routesThatTake('cursor')
    const seen: ListName[] = []
    for (const [route, query] of [
      ...routes.map(route => [route, {}] as const),
      [routes.find(({ path }) => path === '/api/v1/audit')!, { entityType: 'emit' }] as const,
    ]) {
      const lists = await listsOf(route, query)
      expect([route.path, lists]).toEqual([route.path, [expect.any(String)]])
      seen.push(...lists)
      const forged = sampleOf(forgedCursor(lists[0]!), FORGED_OF_EACH)
      for (const cursor of forged) {
        const reply = await ask(route, { ...query, cursor })
        const said = [route.path, cursor]
        expect([...said, reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([
          ...said,
          400,
          'validation_failed',
          '/cursor',
        ])
      }
    }
    // Some lists are read by two calls.
    expect([...new Set(seen)].sort()).toEqual(LIST_NAMES.filter(name => name !== 'queue-dead').sort())
    expect((await api.as(undefined)('GET', '/health')).status).toBe(200)
  })
})

const IMPOSSIBLE_TIMES = [
  '2026-02-30T00:00:00Z',
  '2026-11-31T00:00:00.000Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T25:00:00Z',
  '2026-01-01',
  'now',
  '1',
  '-1',
  '1e999',
]
/** Times that RFC 3339 allows, however far they lie. */
const POSSIBLE_TIMES = [
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '2026-01-01t00:00:00z',
  '2026-01-01T00:00:00.5+23:59',
  '1969-12-31T23:59:59Z',
]

/** Figures, whose ranges have a greatest length. */
const BOUNDED = /\/(stats|timeseries|usage|load)$/

describe('every route that takes a range of time', () => {
  it('refuses a day, an hour or a text that is no time', async () => {
    for (const name of ['from', 'to'])
      for (const route of routesThatTake(name))
        for (const text of IMPOSSIBLE_TIMES) {
          const reply = await ask(route, { [name]: text })
          const said = [route.path, name, text]
          expect([...said, reply.status, reply.body.error?.details?.[0]?.path]).toEqual([...said, 400, `/${name}`])
        }
  })

  it('refuses one that ends before it begins, however the two are written', async () => {
    for (const route of routesThatTake('from').filter(each => takes(each, 'to')))
      for (const [from, to] of [
        ['2026-03-02T00:00:00Z', '2026-03-01T00:00:00Z'],
        ['2026-03-01T00:00:00.001Z', '2026-03-01T01:00:00+01:00'],
      ]) {
        const { status, code, body } = await ask(route, { from: from!, to: to! })
        expect([route.path, status, code, body.error?.details?.[0]]).toEqual([
          route.path,
          400,
          'validation_failed',
          { path: '/from', rule: 'range', message: 'must not lie after to' },
        ])
      }
  })

  it('takes every time that there is, in every form that it may have', async () => {
    for (const route of routesThatTake('from').filter(each => takes(each, 'to')))
      for (const from of POSSIBLE_TIMES) {
        const { status, code } = await ask(route, { from, to: '9999-12-31T23:59:59.999Z' })
        const isTooLong = code === 'invalid_range' && BOUNDED.test(route.path)
        expect([route.path, from, isTooLong ? 200 : status]).toEqual([route.path, from, 200])
      }
  })
})

const expectNoFailure = (said: string[], { status }: Reply): void =>
  expect([...said, status < 500 ? 'ok' : status]).toEqual([...said, 'ok'])

describe('every route', () => {
  it('refuses control characters in its query and in its path, whichever parameter they are in', async () => {
    for (const route of api.routes.filter(
      ({ method, path }) => method === 'GET' && path.startsWith('/api/v1') && !path.includes('schema-registry'),
    )) {
      const call = route.access === 'operator' ? api.operator : owner.call
      // A token signs in, so a wrong one is 401 as a wrong key is.
      for (const name of Object.keys((route.query?.properties ?? {}) as object).filter(each => each !== 'token'))
        for (const text of ['\0', 'a\0b', 'a\nb', '\u007f']) {
          const reply = await ask(route, { [name]: text })
          expect([route.path, name, text, reply.status, reply.code]).toEqual([
            route.path,
            name,
            text,
            400,
            'validation_failed',
          ])
        }
      if (!route.path.includes(':')) continue
      const reply = await call('GET', route.path.replace(/:\w+/g, 'wh_%00'))
      expect([route.path, reply.status, reply.body.error?.details?.[0]?.rule]).toEqual([
        route.path,
        400,
        'control_characters',
      ])
    }
  })

  it('never fails on any text in its query or its path', async () => {
    const texts = sampleOf(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.constantFrom('\\N', "'", '{a:String}', '%', '9'.repeat(400), '💥'),
      ),
      TEXTS_OF_EACH,
    )
    for (const route of api.routes.filter(({ method, path }) => method === 'GET' && path.startsWith('/api/v1'))) {
      const call = route.access === 'operator' ? api.operator : owner.call
      for (const text of texts) {
        for (const name of Object.keys((route.query?.properties ?? {}) as object))
          expectNoFailure([route.path, name, text], await ask(route, { [name]: text }))
        if (!route.path.includes(':')) continue
        const reply = await call(
          'GET',
          route.path.replace(/:\w+/g, () => encodeURIComponent(text.toWellFormed()) || 'x'),
        )
        expectNoFailure([route.path, text], reply)
      }
    }
  }, 240_000)

  it('never fails on a path that is not escaped as it should be', async () => {
    const texts = ['%zz', '%', '%ff', '%c0%80', '%00', 'x'.repeat(8_000)]
    const routes = api.routes.filter(({ path }) => path.startsWith('/api/v1') && path.includes(':'))
    for (const [at, route] of routes.entries())
      for (const text of texts.filter((_, nth) => (at + nth) % texts.length < TEXTS_OF_EACH)) {
        const call = route.access === 'operator' ? api.operator : owner.call
        expectNoFailure(
          [route.path, text],
          await call(route.method, route.path.replace(/:\w+/g, text), route.method === 'GET' ? undefined : {}),
        )
      }
  }, 240_000)

  it('finds no delivery under an id that none can have, when such ids are redriven', async () => {
    const deliveryIds = ['\0', 'a\0b', '\\N', "'", '\\', '\ud83d\ude00'.repeat(16)]
    const { status, data } = await owner.call('POST', '/api/v1/webhooks/dead-letters/redrive', { deliveryIds })
    expect([status, data]).toEqual([
      202,
      {
        count: 0,
        more: false,
        rangeIds: [],
        skipped: deliveryIds.map(deliveryId => ({ deliveryId, reason: 'not_found' })),
      },
    ])
    const half = await owner.call('POST', '/api/v1/webhooks/dead-letters/redrive', { deliveryIds: ['\ud800'] })
    expect([half.status, half.body.error?.details?.[0]?.path]).toEqual([400, '/deliveryIds/0'])
  })
})
