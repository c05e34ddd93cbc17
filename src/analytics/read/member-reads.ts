/** Events that members of a federation have received, for replays to them (docs/specification/replays.md#members). */
import type { RelayState } from '../../../topics/audit-relays.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

/** One relay of an event; `hasArrived`: the receiving organization's shard has dealt with it. */
export interface PastRelay {
  sourceEventId: string
  hasArrived: boolean
  status: RelayState
}

export type MemberReads = ReturnType<typeof createMemberReads>

export function createMemberReads(client: AnalyticsClient) {
  const relays = readQuery('relays-of-events')
  const recorded = readQuery('recorded-emits')

  return {
    /** The relays of these events to one organization, by any membership of it. */
    async relaysTo(organizationId: string, memberOrganizationId: string, eventIds: string[]): Promise<PastRelay[]> {
      if (eventIds.length === 0) return []
      const parameters = { organizationId, memberOrganizationId, eventIds }
      const found = await client.query<{ sourceEventId: string; lastStep: number; lastStatus: RelayState }>(
        relays,
        parameters,
      )
      return found.map(({ sourceEventId, lastStep, lastStatus }) => ({
        ...{ sourceEventId, hasArrived: Number(lastStep) === 1, status: lastStatus },
      }))
    },

    /** Those of these emits of the live environment that the history has. */
    async recordedEmits(organizationId: string, emitIds: string[]): Promise<ReadonlySet<string>> {
      if (emitIds.length === 0) return new Set()
      const parameters = { organizationId, environment: 'live', emitIds }
      const found = await client.query<{ emitId: string }>(recorded, parameters)
      return new Set(found.map(({ emitId }) => emitId))
    },
  }
}
