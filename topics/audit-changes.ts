import { avroCodec, nullable } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** One change of the control plane, written in the same transaction as the change itself. */
export interface ChangeRow {
  /** `chg_…`, unique. */
  id: string
  organizationId: string
  /** Name of the lifecycle event, e.g. `WEBHOOK_CREATED`. */
  type: string
  entityType: string
  entityId: string
  canonicalName: string | null
  actorId: string
  occurredAtMs: number
  previousStatus: string | null
  status: string | null
  reason: string | null
  requestId: string | null
  /** Where the request came from; null: nobody's request. */
  ip?: string | null
  /** JSON object with the lifecycle event's own data (docs/specification/platform-events.md#lifecycle-events); never payload contents. */
  data: string
}

export interface AuditChanges {
  changes: ChangeRow[]
}

export const auditChangesCodec = avroCodec<AuditChanges>({
  type: 'record',
  name: 'AuditChanges',
  namespace: 'clarion',
  fields: [
    {
      name: 'changes',
      default: [],
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Change',
          fields: [
            { name: 'id', type: 'string' },
            { name: 'organizationId', type: 'string' },
            { name: 'type', type: 'string' },
            { name: 'entityType', type: 'string' },
            { name: 'entityId', type: 'string' },
            { name: 'canonicalName', ...nullable('string') },
            { name: 'actorId', type: 'string' },
            { name: 'occurredAtMs', type: 'long' },
            { name: 'previousStatus', ...nullable('string') },
            { name: 'status', ...nullable('string') },
            { name: 'reason', ...nullable('string') },
            { name: 'requestId', ...nullable('string') },
            { name: 'ip', ...nullable('string') },
            { name: 'data', type: 'string' },
          ],
        },
      },
    },
  ],
})

export const auditChanges: Topic = {
  name: 'audit.changes',
  meaning: 'Every change of the control plane, as the lifecycle event that announces it.',
  key: 'nothing',
  value: 'Avro AuditChanges',
  partitions: 'shards',
  producers: ['api', 'admit', 'deliver', 'record'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
