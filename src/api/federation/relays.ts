/**
 * The relay log: the owner sees all of it, a member its own rows. A failed relay can be retried: to an organization it
 * is emitted once more under the same id, which the peer accepts once; to an endpoint its delivery is retried. See
 * docs/specification/federation.md#relay-log.
 */

import type { RelayState } from '../../../topics/audit-relays.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Relay } from '../../analytics/read/relay-reads.ts'
import type { Clock } from '../../clock.ts'
import { refuseArchived, seeGroup } from '../../control-plane/federation/access.ts'
import { arrivalOf, relayEmit } from '../../control-plane/federation/relay-emit.ts'
import { platformEmitRecord } from '../../ingress/platform-emit.ts'
import type { Appender } from '../../kafka/ports.ts'
import { ClarionError, CODES, type Code } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Redelivery } from '../../replay/redelivery.ts'
import type { StoredEvents } from '../../replay/stored-events.ts'
import { organizationOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'

type Filter = { status?: RelayState; memberId?: string; pushId?: string; sourceEventId?: string }

export function createRelayHandlers(deps: {
  reads: Reads
  view: ControlView
  appender: Appender
  redelivery: Redelivery
  storedEvents: StoredEvents
  shards: number
  clock: Clock
}) {
  const { reads, view, clock } = deps
  const own = (call: Call) => organizationOf(call).id

  /** The caller's own relay, as the owner of its group. Throws 403 to the member that it went to, 404 to others. */
  async function ownRelay(call: Call): Promise<Relay> {
    const id = call.params.id!
    const relay = await reads.relayById(own(call), id)
    if (relay !== undefined) return relay
    for (const membership of view.federation.memberships(own(call))) {
      if (membership.status === 'removed') continue
      const seen = await reads.relayById(membership.organizationId, id)
      if (seen?.memberId === membership.id) throw problem('not_group_owner')
    }
    throw problem('federation_relay_not_found')
  }

  async function toOrganization(relay: Relay, event: EventFacts, payload: Buffer, requestId: string): Promise<void> {
    const [member, push] = [view.federation.member(relay.memberId), view.federation.push(relay.pushId)]
    if (member?.status !== 'accepted' || push === undefined) throw problem('member_not_accepted')
    const arrival = arrivalOf(member, push)
    if (arrival === null) throw problem('federation_member_not_found')
    // `requestId` marks a possible duplicate: the peer's shard then remembers the relay.
    const emit = { ...relayEmit(event, push, member.id, arrival, relay.id, payload), requestId }
    try {
      await deps.appender.append(platformEmitRecord(emit, deps.shards, view.appliedOffset))
    } catch (cause) {
      throw new ClarionError('service_unavailable', 'The call was not taken; repeat it.', { retryAfterS: 1, cause })
    }
  }

  return {
    async list(call: Call): Promise<Answer> {
      const { group, membership } = seeGroup(view, own(call), call.params.id!, clock.nowMs())
      const { memberId, ...filter } = call.query as Filter
      // Members do not see each other's relays: a filter for another member finds nothing.
      if (membership !== undefined && memberId !== undefined && memberId !== membership.id)
        return { data: [], nextCursor: null }
      const scope = { organizationId: group.organizationId, groupId: group.id, memberId: membership?.id ?? memberId }
      const { items, nextCursor } = await reads.listRelays({ ...pagingOf(call.query), ...filter, ...scope })
      return { data: items, nextCursor }
    },
    /** For the operator: starts from the source event, also when called with an event that arrived at a peer. */
    async lineage(call: Call): Promise<Answer> {
      const { id: organizationId = '', eventId = '' } = call.params
      const emit = await reads.emitById(organizationId, 'live', `cee_${eventId.slice('evt_'.length)}`)
      if (emit?.eventId !== eventId || emit.verdict !== 'accepted')
        throw new ClarionError('not_found', 'There is no such event.')
      const { sourceOrganizationId, sourceEventId } = emit.federation ?? {
        sourceOrganizationId: organizationId,
        sourceEventId: eventId,
      }
      return {
        data: {
          sourceOrganizationId,
          sourceEventId,
          stations: await reads.lineageOf(sourceOrganizationId, sourceEventId),
        },
      }
    },
    async retry(call: Call): Promise<Answer> {
      const relay = await ownRelay(call)
      if (relay.status !== 'failed')
        throw problem('relay_not_failed', `The relay is ${relay.status}: only one that failed can be tried again.`)
      const group = view.federation.group(relay.groupId)
      if (group === undefined) throw problem('federation_group_not_found')
      refuseArchived(group)
      if (relay.deliveryId !== null) {
        const owner = { organizationId: own(call), environment: 'live' as const }
        const delivery = await reads.deliveryById(owner.organizationId, 'live', relay.deliveryId)
        if (delivery === undefined) throw problem('federation_relay_not_found')
        await deps.redelivery.retry(call.caller, owner, delivery, false)
      } else {
        const source = await deps.storedEvents.get(
          { organizationId: own(call), environment: 'live' },
          relay.sourceEmitId,
        )
        await toOrganization(relay, source.event, source.payload, call.requestId)
      }
      return { data: { ...relay, status: 'queued', lastError: null, completedAt: null } }
    },
  }
}

const problem = (code: Code, message: string = CODES[code].meaning) => new ClarionError(code, message)
