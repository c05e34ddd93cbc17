import {
  absentable,
  byDefault,
  bytes,
  codecOf,
  environment,
  int,
  list,
  long,
  oneOf,
  optional,
  record,
  text,
  type ValueOf,
} from './avro.ts'
import { federationFactsFields } from './deliveries.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** An emit of the platform for an organization. Times are ms since 1970. `platformEmit` of `src/ingress/platform-emit.ts` makes one. */
export type PlatformEmit = ValueOf<typeof platformEmitFields>

export const emittingStepFields = record('EmittingStep', { runId: text, path: text, attempt: int })

export const platformEmitFields = record('PlatformEmit', {
  /** `relay`: from a federation peer; `redrive`: a failed emit, judged again under its own id. With `step` it says nothing. */
  kind: oneOf('PlatformEmitKind', ['relay', 'builtin', 'lifecycle', 'redrive']),
  /** Unique within the receiving organization: a second record with it is ignored. */
  id: text,
  /** The receiving organization. */
  organizationId: text,
  environment,
  /** Short type: `<namespace>.<name>`. */
  type: text,
  canonicalName: text,
  schemaVersion: text,
  schemaHash: text,
  /** Kind of the generic event, else null. */
  genericKind: optional(text),
  source: text,
  subject: optional(text),
  actorId: text,
  /** When it happened; null: when it was recorded. */
  timeMs: optional(long),
  correlationId: optional(text),
  causationId: optional(text),
  /** Of its cause. */
  traceparent: optional(text),
  /** Null: the event is the root itself. */
  rootEventId: optional(text),
  depth: int,
  path: byDefault([], list(text)),
  federation: optional(federationFactsFields),
  /** Relays: the membership that it came by. */
  memberId: optional(text),
  /** Relays: the emit of the source. */
  sourceEmitId: optional(text),
  /** Redrives: the emit that failed. */
  redriveOf: optional(text),
  /** Redrives and workflows: the requested version. */
  requestedVersion: optional(text),
  /** Redrives, built-ins and workflows. */
  idempotencyKey: optional(text),
  /** The waiting api process and its own number for the call; null without one. */
  replyTo: optional(text),
  ticket: optional(long),
  requestId: optional(text),
  payload: bytes,
  /** Of an emit that a run makes, which is judged as any emit: the step. */
  step: absentable(optional(emittingStepFields)),
})

export const platformEmitCodec = codecOf(platformEmitFields)

/** Partition: the shard of the organization that receives it. */
export const platformEmits: Topic = {
  name: 'platform.emits',
  meaning:
    'Emits of the platform for an organization: relays of peers, built-in events, lifecycle events with a subscriber, redrives, events that runs create.',
  key: 'the organization that receives it',
  value: 'Avro PlatformEmit',
  partitions: 'shards',
  producers: ['api', 'admit', 'deliver', 'run', 'queue', 'record'],
  consumers: ['admit'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
