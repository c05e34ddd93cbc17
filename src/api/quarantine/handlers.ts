/**
 * The quarantine: records of the organization's own producers that admission rejected, kept to be read, corrected and
 * emitted again. See docs/specification/kafka.md#quarantine.
 */
import type { Reads } from '../../analytics/read/reads.ts'
import type { FindQuarantined } from '../../replay/quarantined-record.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import { countPages } from '../http/counted.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentEntry, presentRecord, withholdRecord } from './presenter.ts'

export function createQuarantineHandlers({
  reads,
  findQuarantined,
}: {
  reads: Pick<Reads, 'listQuarantine'>
  findQuarantined: FindQuarantined
}) {
  return {
    async list(call: Call): Promise<Answer> {
      const { code, from, to, count } = call.query as { code?: string; from?: string; to?: string; count?: boolean }
      const read = (limit: number, cursor: string | undefined) =>
        reads.listQuarantine({ ...ownerOf(call), code, from, to, limit, cursor })
      const { limit, cursor } = pagingOf(call.query)
      const [{ items, nextCursor }, total] = await Promise.all([read(limit, cursor), count ? countPages(read) : {}])
      return { data: items.map(presentEntry), nextCursor, meta: { ...total } }
    },
    async get(call: Call): Promise<Answer> {
      const record = await findQuarantined(ownerOf(call), call.params.id!)
      return { data: seesPayloads(call) ? presentRecord(record) : withholdRecord(record) }
    },
  }
}
