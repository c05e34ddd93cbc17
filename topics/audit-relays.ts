import { avroCodec, nullable } from './avro.ts'
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
 * One step of one relay: what the source's shard decided (`step` 0), or what became of it at the peer's (1). An external peer has no second
 * step: how its delivery ends stands among the attempts. Times are ms since 1970.
 */
export interface RelayRow {
  /** Derived from event, push and member: the same after every re-read. */
  relayId: string
  step: 0 | 1
  /** Of the owner: whose log it is. */
  organizationId: string
  groupId: string
  pushId: string
  memberId: string
  /** Null for an external peer. */
  memberOrganizationId: string | null
  sourceEventId: string
  sourceEmitId: string
  sourceCanonicalName: string
  targetEventId: string | null
  targetCanonicalName: string | null
  /** Of an external peer. */
  deliveryId: string | null
  status: RelayState
  skipReason: SkipReason | null
  lastError: string | null
  /** When the source's event was appended; both steps have the same. */
  queuedAtMs: number
  /** When this step was made. */
  atMs: number
}

export interface AuditRelays {
  relays: RelayRow[]
}

export const auditRelaysCodec = avroCodec<AuditRelays>({
  type: 'record',
  name: 'AuditRelays',
  namespace: 'clarion',
  fields: [
    {
      name: 'relays',
      default: [],
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Relay',
          fields: [
            { name: 'relayId', type: 'string' },
            { name: 'step', type: 'int' },
            { name: 'organizationId', type: 'string' },
            { name: 'groupId', type: 'string' },
            { name: 'pushId', type: 'string' },
            { name: 'memberId', type: 'string' },
            { name: 'memberOrganizationId', ...nullable('string') },
            { name: 'sourceEventId', type: 'string' },
            { name: 'sourceEmitId', type: 'string' },
            { name: 'sourceCanonicalName', type: 'string' },
            { name: 'targetEventId', ...nullable('string') },
            { name: 'targetCanonicalName', ...nullable('string') },
            { name: 'deliveryId', ...nullable('string') },
            { name: 'status', type: { type: 'enum', name: 'RelayState', symbols: [...RELAY_STATES] } },
            { name: 'skipReason', ...nullable('string') },
            { name: 'lastError', ...nullable('string') },
            { name: 'queuedAtMs', type: 'long' },
            { name: 'atMs', type: 'long' },
          ],
        },
      },
    },
  ],
})

/** Many rows travel in one record: one per transaction, cut at 512 KB. */
export const auditRelays: Topic = {
  name: 'audit.relays',
  meaning: 'What was relayed to federation peers, what was not and why, and how it arrived.',
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
