/** A platform that starts again a month or a few days later. */
import { expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization } from '../support/platform.ts'
import { noticesOf } from './stored-notices.ts'

const DAY_MS = 86_400_000
const EMIT = '/api/v1/events/custom/emit'
const generic = (kind: string) => ({ name: 'platformxe.generic', payload: { kind } })

it('an organization over its limit is admitted again when the month turns', async () => {
  const month = 31 * DAY_MS
  const first = await startPlatform()
  const organization = await first.organization('FREE')
  await organization.call('POST', `${EMIT}/batch`, {
    items: Array.from({ length: 1_000 }, () => generic('fill')),
  })
  expect((await organization.call('POST', EMIT, generic('over'))).code).toBe('monthly_emit_quota_exceeded')
  await first.stop()
  const later = await startPlatform({ dataDir: first.dataDir, env: { CLARION_CLOCK_OFFSET_MS: String(month) } })
  const again = await later.call<{ quota: { used: number } }>(organization.apiKey, 'POST', EMIT, generic('again'))
  expect([again.status, again.data.quota?.used]).toEqual([202, 1])
  await later.stop()
}, 120_000)

it('a key that expires within a week is told once, when the week begins', async () => {
  const own = await startPlatform()
  const organization = await own.organization()
  const expiresAt = new Date(Date.now() + 8 * DAY_MS).toISOString()
  const made = await organization.call<{ key: { id: string } }>('POST', '/api/v1/keys', {
    ...{ name: 'soon', environment: 'live', scopes: ['events:read'], expiresAt },
  })
  expect(made.status).toBe(201)
  await own.stop()
  const later = { CLARION_CLOCK_OFFSET_MS: String(2 * DAY_MS) }
  const again = await startPlatform({ env: later, dataDir: own.dataDir })
  const back = { call: (...args: [string, string]) => again.call(organization.apiKey, ...args) } as TestOrganization
  const notices = await noticesOf(back, 'key_expiring')
  expect(notices).toMatchObject([{ severity: 'warning', data: { keyId: made.data.key.id, expiresAt } }])
  await again.stop()
}, 180_000)
