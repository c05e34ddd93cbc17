/** A record in quarantine, found by its emit id. See docs/specification/kafka.md#quarantine. */
import { emits } from '../../topics/emits.ts'
import type { QuarantinedRecord } from '../analytics/read/quarantine-reads.ts'
import type { Reads } from '../analytics/read/reads.ts'
import type { Clock } from '../clock.ts'
import type { Positions } from '../ingress/ports.ts'
import { ClarionError } from '../model/codes.ts'
import type { Owner } from '../model/environments.ts'
import { originOf, parseEmitId } from '../model/ids.ts'

/** The longest delay of a judged record on its way into ClickHouse; one second is normal. */
const RECORD_TIMEOUT_MS = 3_000
const RECORD_POLL_MS = 100

export type FindQuarantined = (owner: Owner, emitId: string) => Promise<QuarantinedRecord>

/** Waits for a record that admission has already judged. Throws `not_found`. */
export function createFindQuarantined(deps: {
  reads: Pick<Reads, 'quarantinedRecord' | 'emitById'>
  positions: Positions
  clock: Clock
}): FindQuarantined {
  const { reads, positions, clock } = deps
  return async ({ organizationId, environment }, emitId) => {
    const parsed = parseEmitId(emitId)
    if (parsed?.origin !== originOf('emits', organizationId, environment)) throw notFound()
    const position = positions.position(emits.nameFor(organizationId, environment), parsed.partition)
    const deadlineMs = clock.monotonicMs() + RECORD_TIMEOUT_MS
    for (;;) {
      const found = await reads.quarantinedRecord(organizationId, environment, emitId)
      if (found !== undefined) return found
      const emit = await reads.emitById(organizationId, environment, emitId)
      const isElsewhere = emit !== undefined && (emit.verdict !== 'rejected' || emit.channel !== 'kafka')
      if (isElsewhere || (position ?? 0) <= parsed.offset || clock.monotonicMs() >= deadlineMs) throw notFound()
      await clock.sleep(RECORD_POLL_MS)
    }
  }
}

const notFound = () => new ClarionError('not_found', 'There is no such record in quarantine.')
