/** An event of very many versions: every call about it stays quick. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { controlKey } from '../../src/control-plane/store/view-store.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { resolveEvent } from '../../src/registry/resolve-event.ts'
import { control } from '../../topics/control.ts'
import { countCpu } from '../support/cpu.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

const EVENTS = '/api/v1/events/custom'
const VERSIONS = 4_000
/** Far above the time of any call: the bound finds work that grows by the square. */
const CPU_MS_MAX = 1_500

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

async function quick<T>(work: () => Promise<T>): Promise<T> {
  const cpuMs = countCpu()
  const result = await work()
  expect(cpuMs()).toBeLessThan(CPU_MS_MAX)
  return result
}

it('an event of 4,000 versions is listed, registered, tried and resolved at once', async () => {
  const { id: organizationId, slug, call } = await api.organization('ENTERPRISE')
  const payloadSchema = { type: 'object', properties: { id: { type: 'string' } }, additionalProperties: false }
  const first = { namespace: slug, name: 'order.made', version: '1.0.0', status: 'published', payloadSchema }
  const made: Registration = (await call('POST', EVENTS, first)).data
  const versions = Array.from({ length: VERSIONS - 1 }, (_, n): Registration => {
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

  const page = await quick(() => call('GET', `${EVENTS}?limit=100`))
  expect(page.data).toHaveLength(100)
  expect(page.data[0].version).toBe(`1.0.${VERSIONS - 1}`)
  const next = { ...first, version: `1.0.${VERSIONS}` }
  expect((await quick(() => call('POST', `${EVENTS}/dry-run`, next))).data).toMatchObject({
    valid: true,
    semverBump: 'patch',
  })
  expect((await quick(() => call('POST', EVENTS, next))).status).toBe(201)
  expect((await quick(() => call('POST', EVENTS, next))).code).toBe('version_already_exists')
  const races = await quick(() =>
    Promise.all(Array.from({ length: 20 }, () => call('POST', EVENTS, { ...next, version: '1.1.0' }))),
  )
  expect(races.filter(race => race.status === 201)).toHaveLength(1)
  expect((await quick(() => call('GET', `${EVENTS}/health`))).data.registrations.used).toBe(1)
  await quick(async () => {
    for (let n = 0; n < 10_000; n++) resolveEvent(api.view.event(organizationId, `${slug}.order.made`), undefined)
  })
  expect(resolveEvent(api.view.event(organizationId, `${slug}.order.made`), undefined)).toMatchObject({
    registration: { version: '1.1.0' },
  })
  expect(resolveEvent(api.view.event(organizationId, `${slug}.order.made`), '1.0.7')).toMatchObject({
    registration: { version: '1.0.7' },
  })
})
