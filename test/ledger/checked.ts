/** Many emits, and a check of the ledger. */
import { expect } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import type { LedgerReport } from '../../src/ledger/ledger.ts'
import { patient } from '../support/patience.ts'
import type { TestOrganization, TestPlatform } from '../support/platform.ts'

const clock = createSystemClock()

export const generic = (kind: string) => ({ name: 'platformxe.generic', payload: { kind } })
export const batch = (count: number, item: object = generic('n')) => ({
  items: Array.from({ length: count }, () => item),
})

export async function emitMany(organization: Pick<TestOrganization, 'call'>, count: number, item?: object) {
  const { data } = await organization.call<{ results: Array<{ status: number }> }>(
    ...(['POST', '/api/v1/events/custom/emit/batch', batch(count, item)] as const),
  )
  expect(data.results.filter(result => result.status === 202)).toHaveLength(count)
}

export async function checkLedger(platform: TestPlatform, of = ''): Promise<LedgerReport> {
  const path = `/api/v1/ledger/check${of && `?organizationId=${of}`}`
  const { status, data, body } = await platform.call<LedgerReport>(platform.adminKey, 'POST', path)
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)} ${platform.log().slice(-2_000)}`)
  return data
}

/** Rows of findings in the audit trail, once there are so many. */
export async function audited(organization: Pick<TestOrganization, 'call'>, count: number) {
  for (let tries = 0; tries < patient(100); tries++) {
    const { data } = await organization.call<Array<{ type: string; data: Record<string, unknown> }>>(
      'GET',
      '/api/v1/audit',
    )
    const rows = data.filter(row => row.type.startsWith('DRIFT_'))
    if (rows.length >= count) return rows
    await clock.sleep(100)
  }
  throw new Error('the finding was not announced')
}
