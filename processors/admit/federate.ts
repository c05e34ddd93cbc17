/**
 * What an accepted event means for the peers of its organization (C.1.4), in the transaction that accepts it, so that all of them get it or
 * none: a record of `platform.emits` for each organization, the webhook of each external peer, and one row each for the relay log, those
 * that get nothing and why included.
 */

import { announceRelay } from '../../src/control-plane/federation/announce-relay.ts'
import { createFanOut, type Target } from '../../src/control-plane/federation/fan-out.ts'
import { relayEmit } from '../../src/control-plane/federation/relay-emit.ts'
import { type Cause, causeOf, type Lifecycle } from '../../src/control-plane/lifecycle.ts'
import type { ControlView } from '../../src/control-plane/view.ts'
import { CHAIN_DEPTH_MAX } from '../../src/events/chain.ts'
import { deliveryId, parseEventId, relayId } from '../../src/events/ids.ts'
import { platformEmitRecord } from '../../src/events/platform-emit.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
import type { RelayRow } from '../../topics/audit-relays.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { Federated } from './emit.ts'
import type { RelayLog } from './relay-log.ts'

/** Asked once for each accepted event that the organization emitted itself; undefined: it goes to no peer. */
export type Federate = (event: EventFacts, payload: Buffer, judgedAtMs: number) => Federated | undefined

export interface FederateDeps {
  view: ControlView
  shards: number
  shard: number
  lifecycle: Lifecycle
  log: RelayLog
}

export function createFederate(deps: FederateDeps): Federate {
  const { view, log, lifecycle } = deps
  const targetsOf = createFanOut(view)

  // The peer's shard names it as the source did: by a control plane that is as new.
  const relayed = (event: EventFacts, { push, member, arrivesAs }: Target, id: string, payload: Buffer): OutRecord =>
    platformEmitRecord(relayEmit(event, push, member.id, arrivesAs!, id, payload), deps.shards, view.appliedOffset)

  return (event, payload, judgedAtMs) => {
    // No transit (5), and nothing of the test environment crosses (C.1.6).
    if (event.federation !== null || event.environment !== 'live') return undefined
    const targets = targetsOf(event.canonicalName)
    if (targets.length === 0) return undefined
    const federated: Federated = { records: [], webhookIds: [], skipped: [] }
    let truncated = false
    for (const target of targets) {
      const row = rowOf(event, target, judgedAtMs)
      if (row.skipReason === 'chain_depth_exceeded') truncated = true
      if (row.status === 'queued') {
        if (target.arrivesAs === null) federated.webhookIds.push(target.member.id)
        else federated.records.push(relayed(event, target, row.relayId, payload))
      }
      log.add(row)
      federated.records.push(...announceRelay(lifecycle, row, causeOf(event)))
    }
    if (truncated) federated.records.push(...truncation(event, deps, judgedAtMs))
    return federated
  }
}

/** What is decided about one peer. An event at the cap is delivered at home, and goes no further (12). */
function rowOf(event: EventFacts, target: Target, judgedAtMs: number): RelayRow {
  const { push, member, arrivesAs } = target
  const external = arrivesAs === null
  const tooDeep = event.depth >= CHAIN_DEPTH_MAX ? 'chain_depth_exceeded' : undefined
  const skipReason = target.skip ?? tooDeep ?? null
  const mismatch = push.schemaHash !== event.schemaHash
  return {
    relayId: relayId(event.eventId, push.id, member.id),
    ...{ step: 0, organizationId: event.organizationId, groupId: push.groupId, pushId: push.id, memberId: member.id },
    ...{ memberOrganizationId: member.memberOrganizationId, sourceEventId: event.eventId, sourceEmitId: event.emitId },
    ...{ sourceCanonicalName: event.canonicalName, targetEventId: null, targetCanonicalName: arrivesAs?.canonicalName ?? null },
    deliveryId: external && skipReason === null ? deliveryId(event.eventId, member.id) : null,
    ...{ status: skipReason !== null ? 'skipped' : mismatch ? 'failed' : 'queued', skipReason },
    lastError: skipReason === null && mismatch ? 'schema_snapshot_mismatch' : null,
    queuedAtMs: queuedAtOf(event.eventId),
    atMs: judgedAtMs,
  }
}

/** When the event was appended, as its id says, so that source and peer write the same. */
export const queuedAtOf = (sourceEventId: string): number => parseEventId(sourceEventId)?.timestampMs ?? 0

/** One for the event, however many relays it would have made. */
function truncation(event: EventFacts, { lifecycle, shard }: FederateDeps, judgedAtMs: number): OutRecord[] {
  const { organizationId, eventId, emitId, rootEventId, depth, path, canonicalName } = event
  const data = { rootEventId, depth, workflowPath: path, droppedEvent: canonicalName, droppedBy: 'federation' }
  const row: ChangeRow = {
    ...{
      id: `chg_${emitId.slice('cee_'.length)}f`,
      organizationId,
      type: 'CUSTOM_EVENT_CHAIN_TRUNCATED',
      entityType: 'emit',
      entityId: emitId,
    },
    ...{ canonicalName, actorId: 'system', occurredAtMs: judgedAtMs, previousStatus: null, status: null, reason: 'chain_depth_exceeded' },
    ...{ requestId: null, data: JSON.stringify(data) },
  }
  const audit: OutRecord = { topic: auditChanges.name, partition: shard, key: null, value: auditChangesCodec.encode({ changes: [row] }) }
  const cause: Cause = { rootEventId, depth, path, eventId }
  return [audit, ...lifecycle.announce(row, 'live', cause)]
}
