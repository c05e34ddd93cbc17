/** An event of very many versions: every call about it costs in proportion to them at most, which finds work that grows by the square. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { controlKey } from '../../src/control-plane/store/view-store.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { resolveEvent } from '../../src/registry/resolve-event.ts'
import { control } from '../../topics/control.ts'
import { growth } from '../support/cpu.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

const EVENTS = '/api/v1/events/custom'
const [FEW, MANY] = [400, 4_000]
/** Between ten times as much, which is in proportion, and a hundred times. */
const GROWTH_MAX = 32

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

/** An event of so many versions, the only one of its organization. */
async function eventOf(count: number) {
  const { id: organizationId, slug, call } = await api.organization('ENTERPRISE')
  const payloadSchema = { type: 'object', properties: { id: { type: 'string' } }, additionalProperties: false }
  const first = { namespace: slug, name: 'order.made', version: '1.0.0', status: 'published', payloadSchema }
  const made: Registration = (await call('POST', EVENTS, first)).data
  const versions = Array.from({ length: count - 1 }, (_, n): Registration => {
    const version = `1.0.${n + 1}`
    const canonicalName = made.canonicalName.replace('@1.0.0', `@${version}`)
    return {
      ...made,
      organizationId,
      id: `${made.id}_${n}`,
      version,
      canonicalName,
      createdAt: new Date(Date.parse(made.createdAt) + n).toISOString(),
    }
  })
  await api.log.transact(() => ({
    records: versions.map(record => ({
      ...{
        topic: control.name,
        partition: 0,
        key: controlKey('registration', organizationId, record.id),
        value: JSON.stringify(record),
      },
    })),
  }))
  let newest = count - 1
  let minor = 0
  const view = () => api.view.event(organizationId, `${slug}.order.made`)
  const next = () => ({ ...first, version: `1.0.${newest + 1}` })
  return {
    async list() {
      const page = await call('GET', `${EVENTS}?limit=100`)
      expect(page.data).toHaveLength(100)
      expect(page.data[0].version).toBe(`1.0.${newest}`)
    },
    async tryOut() {
      const tried = await call('POST', `${EVENTS}/dry-run`, next())
      expect(tried.data).toMatchObject({ valid: true, semverBump: 'patch' })
    },
    async register() {
      expect((await call('POST', EVENTS, next())).status).toBe(201)
      newest++
    },
    async repeat() {
      expect((await call('POST', EVENTS, { ...first, version: `1.0.${newest}` })).code).toBe('version_already_exists')
    },
    async race() {
      const version = `1.${++minor}.0`
      const races = await Promise.all(Array.from({ length: 20 }, () => call('POST', EVENTS, { ...first, version })))
      expect(races.filter(race => race.status === 201)).toHaveLength(1)
    },
    async health() {
      expect((await call('GET', `${EVENTS}/health`)).data.registrations.used).toBe(1)
    },
    resolve() {
      for (let n = 0; n < 10_000; n++) resolveEvent(view(), undefined)
      expect(resolveEvent(view(), undefined)).toMatchObject({ registration: { version: `1.${minor}.0` } })
      expect(resolveEvent(view(), '1.0.7')).toMatchObject({ registration: { version: '1.0.7' } })
    },
  }
}

it('an event of 4,000 versions is listed, tried, registered and resolved like one of 400', async () => {
  const [few, many] = [await eventOf(FEW), await eventOf(MANY)]
  for (const call of ['list', 'tryOut', 'register', 'repeat', 'race', 'health', 'resolve'] as const) {
    const times = await growth(few[call], many[call])
    expect({ call, isInProportion: times < GROWTH_MAX, times }).toMatchObject({ call, isInProportion: true })
  }
})
