/** The quarantine (C.17): what the organization's own producers sent and admission refused, kept to be looked at, repaired and emitted again. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { FindQuarantined } from '../../replay/quarantined-record.ts'
import { ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { shownEntry, shownRecord } from './presenter.ts'

export function createQuarantineHandlers({
  reads,
  findQuarantined,
}: {
  reads: Pick<Reads, 'listQuarantine'>
  findQuarantined: FindQuarantined
}) {
  return {
    async list(call: Call): Promise<Answer> {
      const filter = call.query as { code?: string; from?: string; to?: string }
      const { items, nextCursor } = await reads.listQuarantine({ ...ownerOf(call), ...pagingOf(call.query), ...filter })
      return { data: items.map(shownEntry), nextCursor }
    },
    get: async (call: Call): Promise<Answer> => ({
      data: shownRecord(await findQuarantined(ownerOf(call), call.params.id!)),
    }),
  }
}
