/** The operator's check that the books agree (C.4 `ledger`, C.12). */
import type { LedgerReads } from '../../analytics/read/ledger-reads.ts'
import { getOrganization } from '../../control-plane/store/get-organization.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Answer, Call } from '../http/route.ts'

export function createLedgerHandlers(deps: {
  ledger: Ledger
  reads: Pick<LedgerReads, 'announcedFindings'>
  view: ControlView
  shards: number
}) {
  const { ledger, view } = deps
  return {
    /** What is open, as it was announced, and the last check that this process made. */
    async get(): Promise<Answer> {
      const announced = await deps.reads.announcedFindings()
      const findings = announced.map(({ organizationId, detectedAt, data }) => ({
        organizationId,
        detectedAt,
        ...data,
      }))
      return { data: { lastCheck: ledger.last() ?? null, findings } }
    },
    /** Now, of all organizations or one; waits until what was judged is recorded. */
    async check(call: Call): Promise<Answer> {
      const { organizationId } = call.query as { organizationId?: string }
      if (organizationId !== undefined) getOrganization(view, organizationId)
      const shards = Array.from({ length: deps.shards }, (_, shard) => shard)
      return { data: await ledger.check({ shards, organizationId }) }
    },
  }
}
