/**
 * Platform emits (topic `platform.emits`). Their writers have validated them, so this step decides only whether the
 * organization can still take one, and whether it is a duplicate. A redrive is validated again like an emit, except for
 * what an earlier validation has already settled.
 */
import { hash } from 'node:crypto'
import { readJson } from '../../src/json/read-json.ts'
import { CODES } from '../../src/model/codes.ts'
import { eventId } from '../../src/model/ids.ts'
import type { Organization } from '../../src/model/organizations.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { resolveEvent } from '../../src/registry/resolve-event.ts'
import type { HeldKey } from '../../topics/admission-keys.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import type { AdmissionState } from './admission-state.ts'
import { objectToRelay } from './admit-relay.ts'
import { checkOrganization } from './check-organization.ts'
import { claimOf, heldKeyOf } from './deduplicate.ts'
import { isOutOfReach } from './deleted-organizations.ts'
import { type Acceptance, type Emit, type Progress, type Rejection, reject, type Verdict } from './emit.ts'
import { checkPlan, enforceQuota, quotaLimit } from './enforce-quota.ts'
import type { JudgeContext } from './judge.ts'
import { parse } from './parse.ts'

/** Per organization: repeats come within a transaction's time, or not at all. */
export const PLATFORM_IDS_KEPT = 20_000

/** The ids of an organization's platform emits are kept under this name, apart from its own idempotency keys. */
export const platformIdsOf = (organizationId: string): string => PLATFORM_IDS + organizationId
export const isPlatformIds = (name: string): boolean => name.startsWith(PLATFORM_IDS)
/** The organization whose keys or ids are kept under this name. */
export const organizationOf = (name: string): string => (isPlatformIds(name) ? name.slice(PLATFORM_IDS.length) : name)
const PLATFORM_IDS = 'platform/'

/**
 * A relay that the source's transaction wrote exists once and is read once, so its id need not be remembered; at twenty
 * peers that would be most of the work. A relay that a caller has tried again (it carries the call) may exist twice.
 */
export const comesOnce = ({ kind, requestId }: PlatformEmit): boolean => kind === 'relay' && requestId === null

/** `repeated`: it was accepted before, and no caller waits for its answer. */
export function judgePlatform(
  emit: Emit,
  platform: PlatformEmit,
  progress: Progress,
  context: JudgeContext,
): Verdict | 'repeated' {
  const { state, view } = context
  const organization = receiverOf(platform, view.organization(emit.organizationId), emit.judgedAtMs)
  if ('verdict' in organization) return organization
  progress.organization = organization
  const original = comesOnce(platform) ? undefined : heldPlatformId(emit, platform, state)
  if (original) return again(emit, platform, organization, original, context)
  if (platform.kind === 'redrive') return redrive(emit, platform, progress, organization, context)
  const objection = platform.kind === 'relay' ? objectToRelay(platform, view) : undefined
  if (objection) return objection
  const { sequence, used } = state.peek(emit.organizationId, emit.environment, emit.recordedAtMs)
  const quota = { used, limit: quotaLimit(organization, emit.environment) }
  return accept(emit, platform, sequence, quota, undefined, context)
}

/** The state when a record with this id was accepted. */
export const heldPlatformId = (emit: Emit, { id }: PlatformEmit, state: AdmissionState): HeldKey | undefined =>
  state.heldKey(platformIdsOf(emit.organizationId), idHash(id), emit.recordedAtMs)

/**
 * The claim to hold once the emit is accepted, so that a second record with its id is recognized. Only a caller's key
 * and a step need the answer; for all others the id is enough.
 */
export function platformIdOf(
  emit: Emit,
  { id, kind, step, idempotencyKey }: PlatformEmit,
  { event }: Acceptance,
): HeldKey {
  const { eventId, canonicalName, sequence, recordedAtMs } = event
  const held = { organizationId: platformIdsOf(emit.organizationId), keyHash: idHash(id), sequence, recordedAtMs }
  if (!step && (kind !== 'builtin' || idempotencyKey === null))
    return { ...held, contentHash: NO_HASH, emitId: '', eventId: '', canonicalName: '' }
  return { ...held, contentHash: contentHash(emit), emitId: emit.emitId, eventId, canonicalName }
}

/**
 * A suspended organization still receives its own lifecycle events, but nothing from its peers; a deleted one receives
 * its last events.
 */
function receiverOf(
  { kind }: PlatformEmit,
  organization: Organization | undefined,
  nowMs: number,
): Organization | Rejection {
  if (kind === 'relay' || kind === 'redrive') return checkOrganization(organization)
  if (organization && !isOutOfReach(organization, nowMs)) return organization
  return reject('organization_suspended', 'The organization does not exist any more.')
}

function again(
  emit: Emit,
  { kind, idempotencyKey }: PlatformEmit,
  organization: Organization,
  original: HeldKey,
  { state }: JudgeContext,
): Verdict | 'repeated' {
  if (kind === 'redrive') return reject('conflict', 'The emit was redriven already.')
  if (idempotencyKey === null) return 'repeated'
  if (!original.contentHash.equals(contentHash(emit)))
    return reject(
      'idempotency_key_conflict',
      `The idempotency key was used by ${original.emitId} with another type or other data.`,
    )
  const { used } = state.peek(emit.organizationId, emit.environment, emit.recordedAtMs)
  return { verdict: 'duplicate', original, quota: { used, limit: quotaLimit(organization, emit.environment) } }
}

/** Takes quota and sequence now; keeps its id, its version and its key. */
function redrive(
  emit: Emit,
  platform: PlatformEmit,
  progress: Progress,
  organization: Organization,
  context: JudgeContext,
): Verdict {
  const { state } = context
  const parsed = parse(emit)
  if ('verdict' in parsed) return parsed
  const registration = registrationOf(emit, platform, context)
  if ('verdict' in registration) return registration
  progress.registration = registration
  const refused = checkPlan(organization, registration)
  if (refused) return refused
  const findings = context.validate(registration, parsed.exact)
  if (findings.length > 0) return reject('payload_invalid', CODES.payload_invalid.meaning, findings)
  const { sequence, used } = state.peek(emit.organizationId, emit.environment, emit.recordedAtMs)
  const quota = enforceQuota(organization, emit.environment, used)
  if ('verdict' in quota) return quota
  return accept(
    emit,
    { ...platform, canonicalName: registration.canonicalName },
    sequence,
    quota,
    registration,
    context,
  )
}

/** The version that it was judged by, whatever its status is now. */
function registrationOf(
  emit: Emit,
  { type, schemaVersion }: PlatformEmit,
  { view }: JudgeContext,
): Registration | Rejection {
  const event = view.event(emit.organizationId, type)
  const judged = event?.versions.get(schemaVersion)
  if (judged) return judged
  const resolved = resolveEvent(event, emit.request.version)
  return 'code' in resolved ? reject(resolved.code, CODES[resolved.code].meaning) : resolved.registration
}

function accept(
  emit: Emit,
  platform: PlatformEmit,
  sequence: number,
  quota: Acceptance['quota'],
  registration: Registration | undefined,
  { matchWebhooks, matchWorkflows }: JudgeContext,
): Acceptance {
  const event = number(emit, platform, sequence, registration)
  const payload = () => readJson(emit.payload.toString())
  const matched = matchWebhooks(emit.organizationId, emit.environment, event, payload)
  const workflows = matchWorkflows(emit, event, payload)
  const claim = registration && claimOf(emit)
  const { organizationId, emitId, eventId, canonicalName, recordedAtMs } = event
  const heldKey = claim && heldKeyOf(claim, { organizationId, emitId, eventId, canonicalName, sequence, recordedAtMs })
  return { verdict: 'accepted', event, ...matched, workflows, quota, heldKey }
}

function number(
  emit: Emit,
  platform: PlatformEmit,
  sequence: number,
  registration: Registration | undefined,
): EventFacts {
  const id = platform.redriveOf === null ? eventId(emit.position) : `evt_${platform.redriveOf.slice('cee_'.length)}`
  const { organizationId, environment, type, canonicalName, source, subject, actorId, correlationId, causationId } =
    platform
  return {
    ...{
      eventId: id,
      emitId: emit.emitId,
      organizationId,
      environment,
      sequence,
      type,
      canonicalName,
      kind: platform.genericKind,
    },
    ...{ source, subject, actorId, timeMs: platform.timeMs ?? emit.recordedAtMs, recordedAtMs: emit.recordedAtMs },
    schemaVersion: registration?.version ?? platform.schemaVersion,
    schemaHash: registration?.schemaHash ?? platform.schemaHash,
    ...{
      correlationId,
      causationId,
      rootEventId: platform.rootEventId ?? id,
      depth: platform.depth,
      path: platform.path,
    },
    traceparent: emit.request.traceparent,
    federation: platform.federation,
  }
}

const HASH_BYTES = 16
const NO_HASH = Buffer.alloc(HASH_BYTES)
const first = (digest: Buffer) => Buffer.from(digest.subarray(0, HASH_BYTES))
const idHash = (id: string) => first(hash('sha256', id, 'buffer'))
const contentHash = ({ request: { fullName }, payload }: Emit) =>
  first(hash('sha256', Buffer.concat([Buffer.from(`${fullName}\0`), payload]), 'buffer'))
