/** Emits of the platform for an organization, on their way to `admit` (topic `platform.emits`). */
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../topics/platform-emits.ts'
import type { OutRecord } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'

/** `admit` judges the emit once its view of the control plane has reached this offset. */
const CONTROL_HEADER = 'clarion-control'

type Required =
  | 'kind'
  | 'id'
  | 'organizationId'
  | 'type'
  | 'canonicalName'
  | 'schemaVersion'
  | 'schemaHash'
  | 'source'
  | 'actorId'
  | 'payload'

/** Defaults: live, depth 0, no request that waits. */
export function platformEmit(facts: Pick<PlatformEmit, Required> & Partial<PlatformEmit>): PlatformEmit {
  return {
    ...{ environment: 'live', genericKind: null, subject: null, timeMs: null, correlationId: null },
    ...{ causationId: null, traceparent: null, rootEventId: null, depth: 0, path: [] },
    ...{ federation: null, memberId: null, sourceEmitId: null },
    ...{ redriveOf: null, requestedVersion: null, idempotencyKey: null, replyTo: null, ticket: null, requestId: null },
    ...facts,
  }
}

/** The record to write in the transaction of the change it announces. `controlOffset`: see `platformEmitAt`. */
export const platformEmitRecord = (emit: PlatformEmit, shards: number, controlOffset?: number): OutRecord =>
  platformEmitAt(emit, shardOf(emit.organizationId, shards), controlOffset)

/** `controlOffset`: `admit` judges the emit once its view of the control plane has reached this offset. */
export function platformEmitAt(emit: PlatformEmit, shard: number, controlOffset?: number): OutRecord {
  return {
    topic: platformEmits.name,
    partition: shard,
    key: emit.organizationId,
    value: platformEmitCodec.encode(emit),
    ...(controlOffset === undefined ? {} : { headers: [[CONTROL_HEADER, String(controlOffset)] as const] }),
  }
}

/** The headers of a record that comes from no topic. */
export const controlHeaders = (controlOffset: number): Record<string, Buffer> =>
  controlOffset < 0 ? {} : { [CONTROL_HEADER]: Buffer.from(String(controlOffset)) }

export function controlOffsetOf(headers: Readonly<Record<string, Buffer>>): number {
  return Number(headers[CONTROL_HEADER]?.toString() ?? -1)
}
