import { avroCodec, nullable } from './avro.ts'
import { type FederationFacts, federationFactsSchema } from './deliveries.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Something that the platform emits for an organization. Times are ms since 1970. `platformEmit` of `src/ingress/platform-emit.ts` makes one. */
export interface PlatformEmit {
  /** `relay`: from a federation peer; `redrive`: a failed emit, judged again under its own id. */
  kind: 'relay' | 'builtin' | 'lifecycle' | 'redrive'
  /** Unique within the receiving organization: a second record with it is passed over. */
  id: string
  /** Who receives it. */
  organizationId: string
  environment: 'live' | 'test'
  /** Short type: `<namespace>.<name>`. */
  type: string
  canonicalName: string
  schemaVersion: string
  schemaHash: string
  /** Kind of the generic event, else null. */
  genericKind: string | null
  source: string
  subject: string | null
  actorId: string
  /** When it happened; null: when it was recorded. */
  timeMs: number | null
  correlationId: string | null
  causationId: string | null
  /** Of what it follows from. */
  traceparent: string | null
  /** Null: the event itself. */
  rootEventId: string | null
  depth: number
  path: string[]
  federation: FederationFacts | null
  /** Relays: the membership that it came by. */
  memberId: string | null
  /** Relays: the emit of the source. */
  sourceEmitId: string | null
  /** Redrives: the emit that failed. */
  redriveOf: string | null
  /** Redrives: the version that was asked for. */
  requestedVersion: string | null
  /** Redrives and built-ins. */
  idempotencyKey: string | null
  /** The api process that waits, and its own number for the call; null when nobody does. */
  replyTo: string | null
  ticket: number | null
  requestId: string | null
  payload: Buffer
}

export const platformEmitCodec = avroCodec<PlatformEmit>({
  type: 'record',
  name: 'PlatformEmit',
  namespace: 'clarion',
  fields: [
    {
      name: 'kind',
      type: { type: 'enum', name: 'PlatformEmitKind', symbols: ['relay', 'builtin', 'lifecycle', 'redrive'] },
    },
    { name: 'id', type: 'string' },
    { name: 'organizationId', type: 'string' },
    { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] } },
    { name: 'type', type: 'string' },
    { name: 'canonicalName', type: 'string' },
    { name: 'schemaVersion', type: 'string' },
    { name: 'schemaHash', type: 'string' },
    { name: 'genericKind', ...nullable('string') },
    { name: 'source', type: 'string' },
    { name: 'subject', ...nullable('string') },
    { name: 'actorId', type: 'string' },
    { name: 'timeMs', ...nullable('long') },
    { name: 'correlationId', ...nullable('string') },
    { name: 'causationId', ...nullable('string') },
    { name: 'traceparent', ...nullable('string') },
    { name: 'rootEventId', ...nullable('string') },
    { name: 'depth', type: 'int' },
    { name: 'path', type: { type: 'array', items: 'string' }, default: [] },
    { name: 'federation', type: ['null', federationFactsSchema], default: null },
    { name: 'memberId', ...nullable('string') },
    { name: 'sourceEmitId', ...nullable('string') },
    { name: 'redriveOf', ...nullable('string') },
    { name: 'requestedVersion', ...nullable('string') },
    { name: 'idempotencyKey', ...nullable('string') },
    { name: 'replyTo', ...nullable('string') },
    { name: 'ticket', ...nullable('long') },
    { name: 'requestId', ...nullable('string') },
    { name: 'payload', type: 'bytes' },
  ],
})

/** Partition: the shard of the organization that receives it. */
export const platformEmits: Topic = {
  name: 'platform.emits',
  meaning:
    'What the platform emits for an organization: relays of peers, built-ins, lifecycle events that are subscribed to, redrives.',
  key: 'the organization that receives it',
  value: 'Avro PlatformEmit',
  partitions: 'shards',
  producers: ['api', 'admit', 'deliver', 'record'],
  consumers: ['admit'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
