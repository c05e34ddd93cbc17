/**
 * Fan-out of an accepted event to the peers of its organization. The transaction that accepts the event decides
 * everything: the targets, their names for it, and who is left out and why. External peers are among the event's
 * webhooks in that transaction. Each organization gets a record of `platform.emits` and a row of the relay log, which
 * for a large federation is more than one transaction should hold: the rest then waits in the shard's state, and the
 * next transactions write a part each.
 */

import type { NoteMismatch } from '../../src/control-plane/drift/relay-mismatch.ts'
import { announceRelay } from '../../src/control-plane/federation/announce-relay.ts'
import { createFanOut, type Target } from '../../src/control-plane/federation/fan-out.ts'
import { type Arrival, relayEmit } from '../../src/control-plane/federation/relay-emit.ts'
import { type Cause, causeOf, type Lifecycle } from '../../src/control-plane/store/lifecycle.ts'
import { CHAIN_DEPTH_MAX } from '../../src/events/chain.ts'
import { platformEmitRecord } from '../../src/ingress/platform-emit.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { FederationMember, FederationPush } from '../../src/model/federation.ts'
import { deliveryId, parseEventId, relayId } from '../../src/model/ids.ts'
import { noticeOfChange } from '../../src/notifications/change-notices.ts'
import { noticeRecord } from '../../src/notifications/notices.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
import type { RelayRow, SkipReason } from '../../topics/audit-relays.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { Federated } from './emit.ts'
import type { RelayLog } from './relay-log.ts'
import type { FanOut, WaitingRelays } from './waiting-relays.ts'

/** A peer organization, with the fields of its membership and of the push that a relay needs. */
export interface RelayTarget {
  push: Pick<FederationPush, 'id' | 'groupId' | 'namespace' | 'name' | 'version' | 'schemaHash'>
  member: Pick<FederationMember, 'id' | 'inboundNamespace'> & { memberOrganizationId: string }
  skip: SkipReason | undefined
  arrivesAs: Arrival
}

/**
 * Approximate bytes of relays: the most that one event adds to the transaction that accepts it, that all events of a
 * transaction add, and that a later transaction takes from those waiting.
 */
export const RELAY_BYTES = { event: 1024 * 1024, accepted: 8 * 1024 * 1024, later: 1024 * 1024 } as const
/** Overhead of a relay without its payload, and of a row of the relay log. */
const RELAY_OVERHEAD_BYTES = 700
const ROW_BYTES = 500
const MISMATCH = 'schema_snapshot_mismatch'

export interface Federate {
  /** Called once for each accepted event that the organization emitted itself; undefined: it goes to no peer. */
  accept(event: EventFacts, payload: Buffer, judgedAtMs: number): Federated | undefined
  /** The part of the waiting relays that goes into the current transaction. */
  goOn(nowMs: number): OutRecord[]
  /** The current transaction is complete. */
  seal(): void
}

export interface FederateDeps {
  view: ControlView
  shards: number
  shard: number
  lifecycle: Lifecycle
  log: RelayLog
  waiting: WaitingRelays
  /** Called for a relay that fails by the schema of its event. */
  noteMismatch?: NoteMismatch | undefined
}

export function createFederate(deps: FederateDeps): Federate {
  const { view, log, lifecycle, waiting } = deps
  const targetsOf = createFanOut(view)
  const split = new WeakMap<readonly Target[], Targets>()
  /** Bytes of relays in the current transaction. */
  let filled = 0

  function targetsFor(name: string): Targets {
    const all = targetsOf(name)
    const known = split.get(all)
    if (known) return known
    const targets: Targets = { all, external: [], organizations: [] }
    for (const target of all) {
      if (target.arrivesAs === null) targets.external.push(target)
      else targets.organizations.push(target as RelayTarget)
    }
    split.set(all, targets)
    return targets
  }

  /** The row of one target, and its event if the owner subscribes. */
  function noted(event: EventFacts, row: RelayRow, push: RelayTarget['push']): OutRecord[] {
    log.add(row)
    if (row.lastError === MISMATCH) {
      const organizationIds = [event.organizationId, row.memberOrganizationId].filter(id => id !== null)
      deps.noteMismatch?.({ push, organizationIds, canonicalName: event.canonicalName, schemaHash: event.schemaHash })
    }
    return announceRelay(lifecycle, row, causeOf(event))
  }

  /** Relays from `written` on, as many as fit into `bytes` and at least one; returns where it ended. */
  function write(
    { event, payload, targets }: FanOut,
    written: number,
    bytes: number,
    atMs: number,
    records: OutRecord[],
  ): number {
    let left = bytes
    let at = written
    while (at < targets.length && (left > 0 || at === written)) {
      const target = targets[at++]!
      const row = rowOf(event, target, atMs)
      const isRelayed = row.status === 'queued'
      if (isRelayed) {
        const emit = relayEmit(event, target.push, target.member.id, target.arrivesAs, row.relayId, payload)
        // The peer's shard must know a control plane at least as new as the one that chose the name here.
        records.push(platformEmitRecord(emit, deps.shards, view.appliedOffset))
      }
      left -= isRelayed ? ROW_BYTES + RELAY_OVERHEAD_BYTES + payload.length : ROW_BYTES
      records.push(...noted(event, row, target.push))
    }
    filled += bytes - left
    return at
  }

  /** Relays of the organization that already wait go first. */
  function writeOrWait(fanOut: FanOut, atMs: number, records: OutRecord[]): void {
    const mayWrite = filled < RELAY_BYTES.accepted && !waiting.isWaiting(fanOut.event.organizationId)
    const written = mayWrite ? write(fanOut, 0, RELAY_BYTES.event, atMs, records) : 0
    if (written < fanOut.targets.length) waiting.add(fanOut, written)
  }

  return {
    accept(event, payload, judgedAtMs) {
      // Relayed events are not relayed again, and nothing of the test environment leaves the organization.
      if (event.federation !== null || event.environment !== 'live') return undefined
      const { all, external, organizations } = targetsFor(event.canonicalName)
      if (all.length === 0) return undefined
      const federated: Federated = { records: [], webhookIds: [], skipped: [] }
      for (const target of external) {
        const row = rowOf(event, target, judgedAtMs)
        if (row.status === 'queued') federated.webhookIds.push(target.member.id)
        federated.records.push(...noted(event, row, target.push))
      }
      if (organizations.length > 0)
        writeOrWait({ event, payload, targets: organizations }, judgedAtMs, federated.records)
      if (isTooDeep(event) && all.some(({ skip }) => skip === undefined))
        federated.records.push(...truncation(event, deps, judgedAtMs))
      return federated
    },
    goOn(nowMs) {
      const records: OutRecord[] = []
      for (let left: number = RELAY_BYTES.later; left > 0; ) {
        const next = waiting.next()
        if (!next) break
        const before = filled
        waiting.advance(write(next.fanOut, next.written, left, nowMs, records))
        left -= filled - before
      }
      return records
    },
    seal() {
      filled = 0
    },
  }
}

interface Targets {
  all: readonly Target[]
  external: Target[]
  organizations: RelayTarget[]
}

const isTooDeep = ({ depth }: EventFacts): boolean => depth >= CHAIN_DEPTH_MAX

/** The fields of a target that a row needs, whether it is external or not. */
interface Noted {
  push: RelayTarget['push']
  member: Pick<FederationMember, 'id' | 'memberOrganizationId'>
  skip: SkipReason | undefined
  arrivesAs: Arrival | null
}

/** Decides about one peer. An event at the depth cap is delivered at home, and goes no further. */
function rowOf(event: EventFacts, target: Noted, judgedAtMs: number): RelayRow {
  const { push, member, arrivesAs } = target
  const external = arrivesAs === null
  const tooDeep = isTooDeep(event) ? 'chain_depth_exceeded' : undefined
  const skipReason = target.skip ?? tooDeep ?? null
  const mismatch = push.schemaHash !== event.schemaHash
  return {
    relayId: relayId(event.eventId, push.id, member.id),
    ...{ step: 0, organizationId: event.organizationId, groupId: push.groupId, pushId: push.id, memberId: member.id },
    ...{ memberOrganizationId: member.memberOrganizationId, sourceEventId: event.eventId, sourceEmitId: event.emitId },
    ...{
      sourceCanonicalName: event.canonicalName,
      targetEventId: null,
      targetCanonicalName: arrivesAs?.canonicalName ?? null,
    },
    deliveryId: external && skipReason === null ? deliveryId(event.eventId, member.id) : null,
    ...{ status: skipReason !== null ? 'skipped' : mismatch ? 'failed' : 'queued', skipReason },
    lastError: skipReason === null && mismatch ? MISMATCH : null,
    queuedAtMs: queuedAtOf(event.eventId),
    atMs: judgedAtMs,
    ...{ actorId: event.actorId, source: event.source },
  }
}

/** When the event was appended, from its id, so that source and peer write the same time. */
export const queuedAtOf = (sourceEventId: string): number => parseEventId(sourceEventId)?.timestampMs ?? 0

/** One for the event, however many relays it would have had. */
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
    ...{
      canonicalName,
      actorId: 'system',
      occurredAtMs: judgedAtMs,
      previousStatus: null,
      status: null,
      reason: 'chain_depth_exceeded',
    },
    ...{ requestId: null, data: JSON.stringify(data) },
  }
  const audit: OutRecord = {
    topic: auditChanges.name,
    partition: shard,
    key: null,
    value: auditChangesCodec.encode({ changes: [row] }),
  }
  const cause: Cause = { rootEventId, depth, path, eventId }
  const notice = noticeOfChange(row, 'live')
  const notices = notice === undefined ? [] : [noticeRecord(notice, row.id, shard)]
  return [audit, ...lifecycle.announce(row, 'live', cause), ...notices]
}
