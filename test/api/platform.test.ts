/** The operator's limit on an organization, and the state of the installation. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
}, 120_000)
afterAll(async () => {
  await api?.close()
})

const EMIT = '/api/v1/events/custom/emit'
const emit = { name: 'platformxe.generic', payload: { kind: 'k' } }
const later = { prefer: 'respond-async' }

it('an organization with a limit gets 429 beyond it, each item of a batch counts, and others go on', async () => {
  const [loud, calm] = [await api.organization(), await api.organization()]
  const path = `/api/v1/organizations/${loud.id}`
  expect((await api.operator('GET', path)).data).toMatchObject({ limits: { emitsPerSecond: null } })
  const patched = await api.operator('PATCH', path, { limits: { emitsPerSecond: 3 } })
  expect(patched.data).toMatchObject({ limits: { emitsPerSecond: 3 } })
  const statuses = []
  for (let count = 0; count < 5; count++) statuses.push((await loud.call('POST', EMIT, emit, later)).status)
  expect(statuses.filter(status => status === 429).length).toBeGreaterThanOrEqual(1)
  const refused = await loud.call('POST', `${EMIT}/batch`, { items: [emit, emit, emit] }, later)
  expect(refused).toMatchObject({ status: 429, code: 'rate_limited' })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect((await loud.call('POST', `${EMIT}?dryRun=true`, emit)).status).toBe(200)
  expect((await calm.call('POST', EMIT, emit, later)).status).toBe(202)
  await api.operator('PATCH', path, { limits: { emitsPerSecond: null } })
  expect((await loud.call('POST', `${EMIT}/batch`, { items: [emit, emit, emit] }, later)).status).toBe(200)
})

it.each([[0], [1.5], [1_000_001], ['10']])('a limit of %p is none', async emitsPerSecond => {
  const { id } = await api.organization()
  const answer = await api.operator('PATCH', `/api/v1/organizations/${id}`, { limits: { emitsPerSecond } })
  expect(answer).toMatchObject({ status: 400, code: 'validation_failed' })
})

it('the state of the installation is the operator’s', async () => {
  const { call } = await api.organization()
  expect(await call('GET', '/api/v1/platform/status')).toMatchObject({ status: 403 })
  const { data } = await api.operator('GET', '/api/v1/platform/status')
  expect(data).toMatchObject({
    version: '0.0.0',
    kafka: { brokers: [{ id: 1, alive: true }] },
    history: { reachable: true },
  })
})
