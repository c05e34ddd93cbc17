/** More than can be judged: the process that takes emits has a bound, and no process judges until the test starts one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { expectLedger, takeLedger } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { endParts } from '../support/run-directory.ts'

const WAITING_MAX = 150

const item = (n: number) => ({ name: 'platformxe.generic', payload: { kind: 'flood', data: { n } } })

describe('emits without a running admit', () => {
  let api: TestPlatform
  let admit: TestPlatform | undefined
  let flooding: TestOrganization
  let quiet: TestOrganization
  beforeAll(async () => {
    // Broker and ClickHouse stay behind when the whole platform is killed; what comes then judges nothing by itself.
    const whole = await startPlatform()
    await whole.kill()
    api = await startPlatform({
      dataDir: whole.dataDir,
      roles: 'api,record',
      env: { CLARION_WAITING_EMITS_MAX: String(WAITING_MAX) },
    })
    flooding = await api.organization()
    quiet = await api.organization()
  }, 120_000)
  afterAll(async () => {
    await admit?.stop()
    await api?.stop()
    await endParts(api.dataDir)
  }, 90_000)

  const emit = (organization: TestOrganization, n: number) =>
    organization.call<{ emitId: string }>('POST', '/api/v1/events/custom/emit', item(n), { prefer: 'respond-async' })

  it('are taken up to the bound, then refused with 503 and Retry-After; all that was acknowledged is judged later, and emits are taken again', async () => {
    const acknowledged: string[] = []
    let answer = await emit(flooding, 0)
    while (answer.status === 202) {
      acknowledged.push(answer.data.emitId)
      answer = await emit(flooding, acknowledged.length)
    }
    expect(acknowledged).toHaveLength(WAITING_MAX)
    expect(answer).toMatchObject({ status: 503, code: 'service_unavailable', body: { error: { retryable: true } } })
    expect(answer.headers.get('retry-after')).toBe('1')

    const batch = await flooding.call('POST', '/api/v1/events/custom/emit/batch', { items: [item(0), item(1)] })
    expect(batch).toMatchObject({ status: 503, code: 'service_unavailable' })
    expect(batch.headers.get('retry-after')).toBe('1')
    const other = await emit(quiet, 0)
    expect(other.status).toBe(202)

    admit = await startPlatform({ dataDir: api.dataDir, roles: 'admit' })
    // Asked until it is taken; the test's own time limit is the bound.
    while (answer.status === 503) answer = await emit(flooding, WAITING_MAX)
    expect(answer.status).toBe(202)
    expectLedger(await takeLedger(api, flooding, WAITING_MAX + 1), WAITING_MAX + 1)
    for (const emitId of acknowledged) {
      const { data } = await flooding.call<{ status: string }>('GET', `/api/v1/events/custom/emits/${emitId}`)
      expect(data.status).toBe('DELIVERED')
    }
    expectLedger(await takeLedger(api, quiet, 1), 1)
  }, 90_000)
})
