/** The operator's view of the ledger. See docs/specification/usage.md#ledger. */
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
    /** The open findings, as announced, and the last check of this process. */
    async get(): Promise<Answer> {
      const announced = await deps.reads.announcedFindings()
      const findings = announced.map(({ organizationId, detectedAt, data }) => ({
        organizationId,
        detectedAt,
        ...data,
      }))
      return { data: { lastCheck: ledger.last() ?? null, findings } }
    },
    /** Checks all organizations or one now; waits until judged emits are recorded. */
    async check(call: Call): Promise<Answer> {
      const { organizationId } = call.query as { organizationId?: string }
      if (organizationId !== undefined) getOrganization(view, organizationId)
      const shards = Array.from({ length: deps.shards }, (_, shard) => shard)
      return { data: await ledger.check({ shards, organizationId }) }
    },
  }
}
