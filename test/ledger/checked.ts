/** Many emits, and a check of the ledger. */
import { expect } from '@jest/globals'
import type { LedgerReport } from '../../src/ledger/ledger.ts'
import type { TestOrganization, TestPlatform } from '../support/platform.ts'

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
