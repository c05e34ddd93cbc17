import type { Clock } from '../../src/clock.ts'
import { controlOffsetOf } from '../../src/ingress/platform-emit.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { Logger } from '../../src/logger.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { emitId, type IngressPosition } from '../../src/model/ids.ts'
import { type PlatformEmit, platformEmitCodec } from '../../topics/platform-emits.ts'
import type { Emit } from './emit.ts'

/** Undefined: the record cannot be read, and is skipped. */
export type ReadPlatformEmit = (record: LogRecord, isolated: boolean) => Emit | undefined

/**
 * A record of `platform.emits` as an emit. Its id derives from its position there, which no emit of an organization
 * shares; a redrive has the id of the failed emit. In the organization's log it follows the emits of its subject.
 */
export function createPlatformEmitReader(deps: {
  view: ControlView
  clock: Clock
  clockOffsetMs: number
  logger: Logger
}): ReadPlatformEmit {
  function decode(record: LogRecord, isolated: boolean): PlatformEmit | undefined {
    try {
      return platformEmitCodec.decode(record.value!)
    } catch (error) {
      // Only the platform writes here: the cause may be a fault of this process, or a newer release's record.
      if (!isolated) throw error
      deps.logger.error(
        { offset: record.offset, error: String(error) },
        'a record of platform.emits cannot be read; it is passed over',
      )
      return undefined
    }
  }

  return (record, isolated) => {
    const platform = decode(record, isolated)
    if (!platform) return undefined
    const { organizationId, environment, subject, redriveOf } = platform
    const { timestampMs, partition, offset } = record
    const position: IngressPosition = { timestampMs, partition, offset, organizationId, environment, kind: 'platform' }
    const partitions = deps.view.organization(organizationId)?.partitions ?? 1
    return {
      record,
      position,
      emitId: redriveOf ?? emitId(position),
      organizationId,
      environment,
      request: requestOf(platform, controlOffsetOf(record.headers)),
      payload: platform.payload,
      recordedAtMs: timestampMs + deps.clockOffsetMs,
      judgedAtMs: Math.round(deps.clock.nowMs()),
      logPartition: subject === null || partitions === 1 ? 0 : shardOf(subject, partitions),
      logKey: subject,
      platform,
    }
  }
}

function requestOf(platform: PlatformEmit, controlOffset: number): Emit['request'] {
  const { actorId, requestId, replyTo, ticket } = platform
  return {
    fullName: platform.type,
    version: platform.requestedVersion ?? undefined,
    idempotencyKey: platform.idempotencyKey ?? undefined,
    subject: platform.subject ?? undefined,
    timeMs: platform.timeMs ?? undefined,
    correlationId: platform.correlationId ?? undefined,
    chainToken: undefined,
    traceparent: platform.traceparent,
    findings: [],
    platform: {
      controlOffset,
      actorId,
      requestId: requestId ?? '',
      ...(replyTo === null || ticket === null ? {} : { replyTo, ticket }),
    },
    channel: channelOf(platform),
  }
}

/** A redrive is the organization's own emit, by its original channel. */
function channelOf({ kind, source }: PlatformEmit): Emit['request']['channel'] {
  if (kind !== 'redrive') return 'platform'
  return source === 'api' ? 'http' : 'kafka'
}
