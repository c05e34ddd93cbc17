/**
 * The history of emits as lifecycle events (docs/specification/platform-events.md#steps-of-an-emit). They are derived
 * from the record of each emit and have no rows of their own, so that announcing does not triple the traffic.
 */

import { readCursor } from '../../model/cursors.ts'
import type { Environment } from '../../model/environments.ts'
import { parseEmitId } from '../../model/ids.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Page, toPage } from './pages.ts'
import { rangeOf } from './ranges.ts'
import type { Change } from './usage-reads.ts'

export interface EmitLifecycleFilter {
  organizationId: string
  environment: Environment
  emitId?: string | undefined
  actorId?: string | undefined
  /** `CUSTOM_EVENT_EMIT_…` */
  type?: string | undefined
  /** ISO 8601: occurred at or after, occurred before. */
  from?: string | undefined
  to?: string | undefined
  /** 1–100. */
  limit: number
  cursor?: string | undefined
}

interface FoundStep {
  id: string
  type: string
  occurredAt: string
  emitId: string
  webhookId: string | null
  attempts: number
  error: string | null
  canonicalName: string | null
  name: string | null
  requestedVersion: string | null
  actorId: string | null
  requestId: string | null
  code: string | null
  payloadBytes: number | null
  hasIdempotencyKey: boolean | 0 | 1
  eventId: string | null
  sequence: number | null
  originalEmitId: string | null
  subscriberCount: number | null
  recordedAt: string | null
}

const STEPS_MAX = 1_000
const HOUR_MS = 3_600_000
/** A minute, an hour, a day, everything. */
const WINDOWS_S = [60, 3_600, 86_400, 0]

export function createLifecycleReads(client: AnalyticsClient, clockOffsetMs: number) {
  const steps = readQuery('emit-lifecycle')

  /** Newest first; reads further back until there are enough. */
  async function find(filter: EmitLifecycleFilter): Promise<FoundStep[]> {
    const { organizationId, environment, emitId = null, actorId = null, type = null, limit, cursor } = filter
    const [beforeTime = null, beforeId = null] = readCursor('emit-steps', cursor) ?? []
    const eventId = emitId === null ? null : emitId.replace(/^cee_/, 'evt_')
    const parameters = {
      organizationId,
      environment,
      emitId,
      eventId,
      actorId,
      type,
      ...rangeOf(filter),
      beforeTime,
      beforeId,
      limit,
    }
    for (const windowS of emitId === null ? WINDOWS_S : [0]) {
      const found = await client.query<FoundStep>(steps, { ...parameters, windowS })
      if (found.length >= limit || windowS === 0) return found
    }
    return []
  }

  return {
    /** Every step of one emit, first to last (at most 1,000). */
    async lifecycleOfEmit(organizationId: string, environment: Environment, emitId: string): Promise<EmitStep[]> {
      const since = parseEmitId(emitId)?.timestampMs
      // No step is older than the emit, by any machine's clock: earlier days are not read.
      const from =
        since === undefined ? undefined : new Date(since - HOUR_MS + Math.min(0, clockOffsetMs)).toISOString()
      const found = await find({ organizationId, environment, emitId, from, limit: STEPS_MAX })
      return found
        .reverse()
        .map(({ type, occurredAt, ...facts }) => ({ type, occurredAt, data: dataOf({ type, occurredAt, ...facts }) }))
    },

    /**
     * The steps of many emits in the form of other changes, newest first. Throws `validation_failed` for an invalid
     * cursor.
     */
    async listEmitSteps(filter: EmitLifecycleFilter): Promise<Page<Change>> {
      const found = await find({ ...filter, limit: filter.limit + 1 })
      const items = found.map(step => toChange(filter.organizationId, step))
      return toPage('emit-steps', items, filter.limit, change => [change.occurredAt, change.id])
    },
  }
}

/** One lifecycle event of an emit; `occurredAt` is ISO 8601, `data` as in the specification. */
export interface EmitStep {
  type: string
  occurredAt: string
  data: Record<string, unknown>
}

function toChange(organizationId: string, step: FoundStep): Change {
  const { id, type, occurredAt, emitId, canonicalName, actorId, requestId, code } = step
  return {
    ...{
      id,
      organizationId,
      type,
      entityType: 'emit',
      entityId: emitId,
      canonicalName,
      actorId: actorId ?? 'system',
      occurredAt,
    },
    ...{
      previousStatus: null,
      status: STATUS_AFTER[type] ?? null,
      reason: REASONED.has(type) ? code : null,
      requestId,
      ip: null,
    },
    data: dataOf(step),
  }
}

const REASONED = new Set(['CUSTOM_EVENT_EMIT_REJECTED', 'CUSTOM_EVENT_EMIT_DELIVERY_FAILED'])

const STATUS_AFTER: Record<string, string> = {
  CUSTOM_EVENT_EMIT_REQUESTED: 'REQUESTED',
  CUSTOM_EVENT_EMIT_RELAYED: 'RELAYED',
  CUSTOM_EVENT_EMIT_REJECTED: 'REJECTED',
  CUSTOM_EVENT_EMIT_DEDUPLICATED: 'DEDUPLICATED',
  CUSTOM_EVENT_EMIT_DELIVERED: 'DELIVERED',
  CUSTOM_EVENT_EMIT_DELIVERY_FAILED: 'FAILED',
}

/**
 * The data of a step beyond the common fields. `partition` and `offset`: its position in the ingress, which the id
 * encodes.
 */
function dataOf(step: FoundStep): Record<string, unknown> {
  const {
    type,
    emitId,
    webhookId,
    attempts,
    error,
    requestedVersion: version,
    code,
    name,
    eventId,
    sequence,
    subscriberCount,
  } = step
  switch (type) {
    case 'CUSTOM_EVENT_EMIT_REQUESTED':
      return {
        emitId,
        name,
        version,
        payloadBytes: step.payloadBytes,
        idempotencyKeyPresent: Boolean(step.hasIdempotencyKey),
      }
    case 'CUSTOM_EVENT_EMIT_RELAYED': {
      const { partition = null, offset = null } = parseEmitId(emitId) ?? {}
      const latencyMs = Math.max(0, Date.parse(step.occurredAt) - Date.parse(step.recordedAt ?? step.occurredAt))
      return { emitId, eventId, sequence, partition, offset, latencyMs }
    }
    case 'CUSTOM_EVENT_EMIT_REJECTED':
      return { emitId, code, name, version }
    case 'CUSTOM_EVENT_EMIT_DEDUPLICATED':
      return { emitId, originalEmitId: step.originalEmitId }
    case 'CUSTOM_EVENT_EMIT_DELIVERED':
      return { emitId, subscriberCount }
    default:
      return { emitId, subscriberType: subscriberType(webhookId), subscriberId: webhookId, attempts, lastError: error }
  }
}

/** The subscriber at which an unrelayable emit fails is the log itself. */
const subscriberType = (webhookId: string | null) =>
  webhookId === null ? 'log' : webhookId.startsWith('cefm_') ? 'federation_peer' : 'webhook'
