/**
 * Lifecycle events of admission (docs/specification/platform-events.md#lifecycle-events): the steps of each emit,
 * where they are named, and warnings that the quota is nearly or wholly used or that a chain was cut. An emit of an
 * environment in which nothing is named costs a few look-ups.
 */
import { hash } from 'node:crypto'
import { quotaMark } from '../../src/control-plane/plans/plan-usage.ts'
import { type Cause, causeOf, type Lifecycle } from '../../src/control-plane/store/lifecycle.ts'
import { builtInEmit } from '../../src/ingress/built-in-emit.ts'
import { platformEmitAt } from '../../src/ingress/platform-emit.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { noticeOfChange } from '../../src/notifications/change-notices.ts'
import { noticeRecord } from '../../src/notifications/notices.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
import type { AdmissionState } from './admission-state.ts'
import type { Acceptance, Emit, Progress, Rejection, Verdict } from './emit.ts'
import { PLATFORM_IDS_KEPT, platformIdsOf } from './judge-platform.ts'

/** At most one notice an hour for each cap. */
const NOTICE_INTERVAL_MS = 3_600_000
const ANY_AGE = Number.POSITIVE_INFINITY

export type Announce = (emit: Emit, verdict: Verdict, progress: Progress) => OutRecord[]

export function createAnnounce(deps: { lifecycle: Lifecycle; state: AdmissionState; shard: number }): Announce {
  const { lifecycle, state, shard } = deps

  /** A change in the audit trail, and the lifecycle event if it is named. */
  function noticed(emit: Emit, type: string, data: object, cause?: Cause): OutRecord[] {
    const about = { entityType: 'organization', entityId: emit.organizationId, canonicalName: null }
    const row = { ...rowOf(emit, type, data), ...about, id: noticeId(emit, type) }
    const audit: OutRecord = {
      topic: auditChanges.name,
      partition: shard,
      key: null,
      value: auditChangesCodec.encode({ changes: [row] }),
    }
    const notice = noticeOfChange(row, emit.environment)
    const notices = notice === undefined ? NOTHING : [noticeRecord(notice, row.id, shard)]
    return [audit, ...lifecycle.announce(row, emit.environment, cause), ...notices]
  }

  /** Whether none was sent within the interval; records this one as sent. */
  function isDue(emit: Emit, about: string, intervalMs: number): boolean {
    const { organizationId, recordedAtMs } = emit
    const ids = platformIdsOf(organizationId)
    const keyHash = Buffer.from(hash('sha256', about, 'buffer').subarray(0, 16))
    const last = state.heldKey(ids, keyHash, recordedAtMs)
    if (last && recordedAtMs - last.recordedAtMs < intervalMs) return false
    const noEvent = { emitId: emit.emitId, eventId: '', canonicalName: '', sequence: 0, recordedAtMs }
    state.hold({ organizationId: ids, keyHash, contentHash: keyHash, ...noEvent }, PLATFORM_IDS_KEPT)
    return true
  }

  function quotaWarning(emit: Emit, { quota: { used, limit } }: Acceptance): OutRecord[] {
    const percent = quotaMark(used, limit)
    return percent === undefined ? NOTHING : noticed(emit, 'QUOTA_WARNING', { quota: 'emits', used, limit, percent })
  }

  function quotaExceeded(emit: Emit, { used, limit }: { used: number; limit: number }, plan: string): OutRecord[] {
    if (!isDue(emit, `quota/emits/${emit.environment}`, NOTICE_INTERVAL_MS)) return []
    const data = { quota: 'emits', used, limit }
    const { organizationId, environment, recordedAtMs, emitId } = emit
    const facts = {
      organizationId,
      environment,
      id: `quota.exceeded/${emitId}`,
      timeMs: recordedAtMs,
      subject: organizationId,
    }
    const builtIn = builtInEmit('quota.exceeded', { plan, ...data }, { ...facts, actorId: 'system' })
    return [...noticed(emit, 'CUSTOM_EVENT_QUOTA_EXCEEDED', data), platformEmitAt(builtIn, shard)]
  }

  function chainTruncated(emit: Emit, { chain }: Progress): OutRecord[] {
    if (!chain || !isDue(emit, `chain/${chain.rootEventId}`, ANY_AGE)) return []
    const { rootEventId, depth, path, eventId } = chain
    const data = { rootEventId, depth, workflowPath: path, droppedEvent: emit.request.fullName }
    return noticed(emit, 'CUSTOM_EVENT_CHAIN_TRUNCATED', data, { rootEventId, depth, path, eventId })
  }

  function rejected(emit: Emit, { code, quota }: Rejection, progress: Progress): OutRecord[] {
    if (code === 'monthly_emit_quota_exceeded' && quota) return quotaExceeded(emit, quota, progress.organization!.plan)
    return code === 'chain_depth_exceeded' ? chainTruncated(emit, progress) : []
  }

  function step(
    emit: Emit,
    type: string,
    status: string,
    data: object,
    facts: { canonicalName: string | null; cause: Cause | undefined },
  ) {
    const row = { ...rowOf(emit, type, data), id: `${type}/${emit.emitId}`, status, canonicalName: facts.canonicalName }
    return lifecycle.announce(row, emit.environment, facts.cause)
  }

  /** First the request, then its result. */
  function steps(emit: Emit, verdict: Verdict, progress: Progress): OutRecord[] {
    const { request, emitId, position } = emit
    const event = verdict.verdict === 'accepted' ? verdict.event : undefined
    const canonicalName = (event ?? progress.registration)?.canonicalName ?? null
    const facts = { canonicalName, cause: event ? causeOf(event) : causeOfRefused(progress) }
    const version = request.version ?? null
    const requested = { emitId, name: request.fullName, version, payloadBytes: emit.payload.length }
    const idempotencyKeyPresent = request.idempotencyKey !== undefined
    const first = step(emit, 'CUSTOM_EVENT_EMIT_REQUESTED', 'REQUESTED', { ...requested, idempotencyKeyPresent }, facts)
    const then = (type: string, status: string, data: object) => [
      ...first,
      ...step(emit, type, status, { emitId, ...data }, facts),
    ]
    if (verdict.verdict === 'rejected')
      return then('CUSTOM_EVENT_EMIT_REJECTED', 'REJECTED', { code: verdict.code, name: request.fullName, version })
    if (verdict.verdict === 'duplicate')
      return then('CUSTOM_EVENT_EMIT_DEDUPLICATED', 'DEDUPLICATED', { originalEmitId: verdict.original.emitId })
    if (verdict.verdict === 'failed') {
      const lost = { subscriberType: 'log', subscriberId: null, attempts: 0, lastError: verdict.message }
      return then('CUSTOM_EVENT_EMIT_DELIVERY_FAILED', 'FAILED', lost)
    }
    const { eventId, sequence } = verdict.event
    const latencyMs = Math.max(0, emit.judgedAtMs - emit.recordedAtMs)
    const relayed = { eventId, sequence, partition: position.partition, offset: position.offset, latencyMs }
    const delivered = verdict.webhookIds.length === 0 ? lifecycle.emitDelivered(verdict.event, 0, emit.judgedAtMs) : []
    return [...then('CUSTOM_EVENT_EMIT_RELAYED', 'RELAYED', relayed), ...delivered]
  }

  return (emit, verdict, progress) => {
    // A redrive that fails again leaves the emit as it was.
    if (emit.platform && (emit.platform.kind !== 'redrive' || verdict.verdict !== 'accepted')) return []
    const named = lifecycle.isListening(emit.organizationId, emit.environment)
      ? steps(emit, verdict, progress)
      : NOTHING
    if (verdict.verdict === 'accepted') return joined(named, quotaWarning(emit, verdict))
    return verdict.verdict === 'rejected' ? joined(named, rejected(emit, verdict, progress)) : named
  }
}

const NOTHING: OutRecord[] = []

const joined = (some: OutRecord[], more: OutRecord[]) => (more.length === 0 ? some : [...some, ...more])

const rowOf = (emit: Emit, type: string, data: object): ChangeRow => ({
  ...{
    id: '',
    organizationId: emit.organizationId,
    type,
    entityType: 'emit',
    entityId: emit.emitId,
    canonicalName: null,
  },
  ...{ actorId: emit.request.platform?.actorId ?? 'producer', occurredAtMs: emit.judgedAtMs },
  ...{
    previousStatus: null,
    status: null,
    reason: null,
    requestId: emit.request.platform?.requestId ?? null,
    data: JSON.stringify(data),
  },
})

/** Ordered by the time of the emit, as other changes are by theirs. */
const noticeId = ({ emitId }: Emit, type: string) => `chg_${emitId.slice('cee_'.length)}${NOTICES.indexOf(type)}`
const NOTICES = ['QUOTA_WARNING', 'CUSTOM_EVENT_QUOTA_EXCEEDED', 'CUSTOM_EVENT_CHAIN_TRUNCATED']

const causeOfRefused = ({ chain }: Progress): Cause | undefined => chain && { ...chain, depth: chain.depth + 1 }
