import {
  absentable,
  byDefault,
  codecOf,
  intOf,
  list,
  long,
  oneOf,
  optional,
  record,
  text,
  textOf,
  type ValueOf,
} from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

export const RELAY_STATES = ['queued', 'relayed', 'failed', 'skipped'] as const
export type RelayState = (typeof RELAY_STATES)[number]

/** Why an event did not go to a peer: docs/specification/federation.md#relay-log. */
export const SKIP_REASONS = [
  'duplicate',
  'plan',
  'paused',
  'loop',
  'chain_depth_exceeded',
  'organization_suspended',
  'peer_removed',
] as const
export type SkipReason = (typeof SKIP_REASONS)[number]

/**
 * One step of one relay: the decision of the source's shard (`step` 0), or the result at the peer's (1). An external peer has no second
 * step: the attempts have the end of its delivery. Times are ms since 1970.
 */
export type RelayRow = ValueOf<typeof relayRowFields>

export const relayRowFields = record('Relay', {
  /** Derived from event, push and member: the same after every re-read. */
  relayId: text,
  step: intOf<0 | 1>(),
  /** Of the owner, the source of the event. */
  organizationId: text,
  groupId: text,
  pushId: text,
  memberId: text,
  /** Null for an external peer. */
  memberOrganizationId: optional(text),
  sourceEventId: text,
  sourceEmitId: text,
  sourceCanonicalName: text,
  targetEventId: optional(text),
  targetCanonicalName: optional(text),
  /** Of an external peer. */
  deliveryId: optional(text),
  status: oneOf('RelayState', RELAY_STATES),
  skipReason: optional(textOf<SkipReason>()),
  lastError: optional(text),
  /** When the source's event was appended; both steps have the same. */
  queuedAtMs: long,
  /** When this step was made. */
  atMs: long,
  /** Of the source's event: the key that emitted it, and its source. Null in the peer's step, and in rows of earlier releases. */
  actorId: absentable(optional(text)),
  source: absentable(optional(text)),
})

export type AuditRelays = ValueOf<typeof auditRelaysFields>

export const auditRelaysFields = record('AuditRelays', {
  relays: byDefault([], list(relayRowFields)),
})

export const auditRelaysCodec = codecOf(auditRelaysFields)

/** Many rows travel in one record: one per transaction, cut at 512 KB. */
export const auditRelays: Topic = {
  name: 'audit.relays',
  meaning: 'Relays to federation peers: each decision with its reason, and each arrival.',
  key: 'nothing',
  value: 'Avro AuditRelays',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
