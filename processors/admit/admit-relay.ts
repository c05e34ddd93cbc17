/**
 * A relay at the peer's shard (docs/specification/federation.md#relays). The source has validated and counted it and
 * has chosen its members; this step decides whether the organization can still take it (`judgePlatform`), whether it
 * goes in a circle, and whether its name is free.
 */

import { announceRelay } from '../../src/control-plane/federation/announce-relay.ts'
import { causeOf, type Lifecycle } from '../../src/control-plane/store/lifecycle.ts'
import { CHAIN_DEPTH_MAX } from '../../src/events/chain.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { CODES } from '../../src/model/codes.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { RelayRow, RelayState, SkipReason } from '../../topics/audit-relays.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import { type Emit, type Rejection, reject, type Verdict } from './emit.ts'
import { queuedAtOf } from './federate.ts'
import type { RelayLog } from './relay-log.ts'

/** Why a relay is refused, apart from the state of the organization itself. */
export function objectToRelay(platform: PlatformEmit, view: Pick<ControlView, 'event'>): Rejection | undefined {
  const { organizationId, type, schemaVersion, schemaHash, federation, depth } = platform
  // Sources do not send these; a faulty one must not cause a circle.
  if (federation === null || federation.hops > 1 || federation.path.includes(organizationId))
    return reject('federation_loop', CODES.federation_loop.meaning)
  if (depth > CHAIN_DEPTH_MAX) return reject('chain_depth_exceeded', CODES.chain_depth_exceeded.meaning)
  const own = view.event(organizationId, type)?.versions.get(schemaVersion)
  if (own === undefined || own.schemaHash === schemaHash) return undefined
  return reject(
    'federation_name_conflict',
    `The organization has an event ${type}@${schemaVersion} of its own with another schema.`,
  )
}

export interface ArrivalDeps {
  log: RelayLog
  lifecycle: Lifecycle
}

/**
 * The result of a relay, in the transaction that decides it: a row for the owner's log, and an event if the owner
 * subscribes.
 */
export function noteArrival(
  { log, lifecycle }: ArrivalDeps,
  emit: Emit,
  platform: PlatformEmit,
  verdict: Verdict,
): OutRecord[] {
  const { federation, memberId, sourceEmitId, organizationId, canonicalName, id } = platform
  if (federation === null || memberId === null) return []
  const event = verdict.verdict === 'accepted' ? verdict.event : undefined
  const row: RelayRow = {
    ...{
      relayId: id,
      step: 1,
      organizationId: federation.sourceOrganizationId,
      groupId: federation.groupId,
      pushId: federation.pushId,
    },
    ...{
      memberId,
      memberOrganizationId: organizationId,
      sourceEventId: federation.sourceEventId,
      sourceEmitId: sourceEmitId ?? '',
    },
    // Only the source's row holds the name under which the event left.
    ...{
      sourceCanonicalName: '',
      targetEventId: event?.eventId ?? null,
      targetCanonicalName: canonicalName,
      deliveryId: null,
    },
    ...{ ...outcomeOf(verdict), queuedAtMs: queuedAtOf(federation.sourceEventId), atMs: emit.judgedAtMs },
  }
  log.add(row)
  const { rootEventId, depth, path } = platform
  // For the owner, this follows from its own event.
  const cause = {
    eventId: federation.sourceEventId,
    rootEventId: rootEventId ?? federation.sourceEventId,
    depth: depth - 1,
    path,
  }
  return announceRelay(lifecycle, row, event === undefined ? cause : { ...causeOf(event), ...cause })
}

const SKIPPED: Partial<Record<string, SkipReason>> = {
  organization_suspended: 'organization_suspended',
  federation_loop: 'loop',
  chain_depth_exceeded: 'chain_depth_exceeded',
}

function outcomeOf(verdict: Verdict): { status: RelayState; skipReason: SkipReason | null; lastError: string | null } {
  if (verdict.verdict === 'accepted' || verdict.verdict === 'duplicate')
    return { status: 'relayed', skipReason: null, lastError: null }
  const skipReason = SKIPPED[verdict.code]
  // Only the code: the text of a verdict may reveal data of the peer.
  if (skipReason === undefined) return { status: 'failed', skipReason: null, lastError: verdict.code }
  return { status: 'skipped', skipReason, lastError: null }
}
