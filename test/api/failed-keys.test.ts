import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createAuthenticate } from '../../src/api/http/authenticate.ts'
import { createFailedKeys } from '../../src/api/http/failed-keys.ts'
import { createKeyLookup } from '../../src/api/http/key-lookup.ts'
import { hashApiKey } from '../../src/crypto/secret-box.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

const ADMIN_KEY = `ck_admin_${'x'.repeat(32)}`
const KNOWN = 'ck_live_known'
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

function authentication() {
  const clock = createManualClock()
  const view = {
    keyByHash: (hash: string) =>
      hash === hashApiKey(KNOWN) ? { id: 'key_1', organizationId: 'org_1', expiresAt: null } : undefined,
    organization: () => ({ id: 'org_1', status: 'active' }),
  } as unknown as ControlView
  const keys = createKeyLookup({ view, clock, adminKey: ADMIN_KEY })
  const authenticate = createAuthenticate({ keys, clock, aliasKeyHeader: 'x-key' })
  const codeOf = (key: string, address: string | undefined): string => {
    try {
      return authenticate(bearer(key), address).kind
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  return { clock, codeOf }
}

describe('unknown keys of one address', () => {
  it('are refused as unknown thirty times, then as too many, until time has passed', () => {
    const { clock, codeOf } = authentication()
    for (let tried = 0; tried < 30; tried++) expect(codeOf(`wrong ${tried}`, '192.0.2.1')).toBe('unauthorized')
    expect(codeOf('wrong', '192.0.2.1')).toBe('rate_limited')
    clock.advance(2_000)
    expect(codeOf('wrong', '192.0.2.1')).toBe('unauthorized')
    expect(codeOf('wrong', '192.0.2.1')).toBe('rate_limited')
  })

  it('say when to come again', () => {
    const clock = createManualClock()
    const failed = createFailedKeys({ clock })
    for (let count = 0; count < 29; count++) failed.count('192.0.2.1')
    expect(failed.retryAfterS('192.0.2.1')).toBe(0)
    failed.count('192.0.2.1')
    expect(failed.retryAfterS('192.0.2.1')).toBe(2)
    clock.advance(60_000)
    expect(failed.retryAfterS('192.0.2.1')).toBe(0)
  })

  it('keep the key of the operator from being compared, and no key of an organization from working', () => {
    const { codeOf } = authentication()
    for (let tried = 0; tried < 30; tried++) codeOf(`wrong ${tried}`, '192.0.2.1')
    expect(codeOf(ADMIN_KEY, '192.0.2.1')).toBe('rate_limited')
    expect(codeOf(KNOWN, '192.0.2.1')).toBe('key')
  })

  it('count for no other address, and for the whole /64 of IPv6', () => {
    const { codeOf } = authentication()
    for (let tried = 0; tried < 30; tried++) codeOf('wrong', `2001:db8::${tried}`)
    expect(codeOf(ADMIN_KEY, '2001:db8:0:0:ffff::1')).toBe('rate_limited')
    expect(codeOf(ADMIN_KEY, '2001:db8:0:1::1')).toBe('operator')
    expect(codeOf(ADMIN_KEY, '192.0.2.2')).toBe('operator')
  })

  it('of ten thousand addresses keep no more memory than that', () => {
    const failed = createFailedKeys({ clock: createManualClock() })
    for (let count = 0; count < 30; count++) failed.count('192.0.2.1')
    for (let count = 0; count < 10_000; count++) failed.count(`10.0.${count >> 8}.${count & 255}`)
    expect(failed.retryAfterS('192.0.2.1')).toBe(0)
  })
})

describe('an API that listens on more than loopback', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi({ openMetrics: false })
  })
  afterAll(() => api?.close())

  it('shows its figures to the operator alone', async () => {
    const { apiKey } = await api.organization()
    expect((await api.as(undefined)('GET', '/metrics')).code).toBe('unauthorized')
    expect((await api.as(apiKey)('GET', '/metrics')).code).toBe('insufficient_scope')
    expect((await api.operator('GET', '/metrics')).body).toContain('clarion_up 1')
  })

  it('answers unknown keys with 429 and Retry-After after thirty of them', async () => {
    const wrong = api.as('ck_live_wrong')
    const answers = []
    for (let tried = 0; tried < 31; tried++) answers.push(await wrong('GET', '/api/v1/whoami'))
    expect(answers.slice(0, 29).every(({ status }) => status === 401)).toBe(true)
    const last = answers.at(-1)!
    expect([last.status, last.code]).toEqual([429, 'rate_limited'])
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
