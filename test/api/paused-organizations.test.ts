import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createPausedOrganizations } from '../../src/ingress/paused-organizations.ts'
import { outcomes, PAUSES_KEY, type PauseRow, pausesCodec } from '../../topics/outcomes.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

const row = (
  organizationId: string,
  reason: string | null,
  environment: PauseRow['environment'] = 'live',
): PauseRow => ({
  ...{ organizationId, environment, reason, sinceMs: 0 },
})
const recordOf = (pauses: PauseRow[]) => ({
  topic: outcomes.name,
  partition: 0,
  key: PAUSES_KEY,
  value: pausesCodec.encode({ pauses }),
})

describe('pauses that admission reports', () => {
  function world() {
    const clock = createManualClock()
    const paused = createPausedOrganizations({ clock })
    const tell = (...pauses: PauseRow[]) =>
      paused.onRecord({ ...recordOf(pauses), key: Buffer.from(PAUSES_KEY), offset: 0, timestampMs: 0, headers: {} })
    const refused = (id: string, environment: 'live' | 'test' = 'live') => {
      try {
        paused.check(id, environment)
        return false
      } catch {
        return true
      }
    }
    return { clock, tell, refused }
  }

  it('is believed for 15 s, and for as long as it is repeated', () => {
    const { clock, tell, refused } = world()
    tell(row('org_a', 'no_leader'))
    clock.advance(14_000)
    expect(refused('org_a')).toBe(true)
    tell(row('org_a', 'no_leader'))
    clock.advance(14_999)
    expect(refused('org_a')).toBe(true)
    clock.advance(1)
    expect(refused('org_a')).toBe(false)
  })

  it('is of one environment, and over at once when it says so', () => {
    const { tell, refused } = world()
    tell(row('org_a', 'no_leader'), row('org_b', 'unknown_topic', 'test'))
    expect([refused('org_a'), refused('org_a', 'test'), refused('org_b'), refused('org_b', 'test')]).toEqual([
      true,
      false,
      false,
      true,
    ])
    tell(row('org_a', null))
    expect([refused('org_a'), refused('org_b', 'test')]).toEqual([false, true])
  })
})

describe('the emits of a paused organization', () => {
  const EMIT = '/api/v1/events/custom/emit'
  const emit = { name: 'platformxe.generic', payload: { kind: 'k' } }
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi()
  })
  afterAll(() => api?.close())

  it('are refused with 503, Retry-After and the reason, alone and in a batch; those of others are taken', async () => {
    const struck = await api.organization()
    const other = await api.organization()
    await api.appender.append(recordOf([row(struck.id, 'too_few_replicas')]))
    const NOBODY_WAITS = { prefer: 'respond-async' }
    let reply = await struck.call('POST', EMIT, emit, NOBODY_WAITS)
    while (reply.status === 202) reply = await struck.call('POST', EMIT, emit, NOBODY_WAITS)
    const batch = await struck.call('POST', `${EMIT}/batch`, { items: [emit] }, NOBODY_WAITS)
    for (const each of [reply, batch]) {
      expect([each.status, each.code, each.headers.get('retry-after')]).toEqual([503, 'service_unavailable', '5'])
      expect(each.body.error?.message).toContain('too few of its replicas are in sync')
    }
    expect((await other.call('POST', EMIT, emit, NOBODY_WAITS)).status).toBe(202)
    await api.appender.append(recordOf([row(struck.id, null)]))
    while (reply.status === 503) reply = await struck.call('POST', EMIT, emit, NOBODY_WAITS)
    expect(reply.status).toBe(202)
  })
})
