/**
 * Judges one emit. Every channel passes these steps in this order, and the first that fails decides
 * (docs/specification/emit.md#order-of-judging).
 */

import type { ChainTokens } from '../../src/events/chain.ts'
import { fieldPointer } from '../../src/events/ingress-emit.ts'
import { CODES, type Finding } from '../../src/model/codes.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { eventId } from '../../src/model/ids.ts'
import { GENERIC_FULL_NAME } from '../../src/model/names.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { planOf } from '../../src/model/plans.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { explainUnresolved, resolveEvent } from '../../src/registry/resolve-event.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { AdmissionState } from './admission-state.ts'
import { checkOrganization } from './check-organization.ts'
import { type Claim, deduplicate, heldKeyOf } from './deduplicate.ts'
import { type Acceptance, type Emit, type Progress, type Rejection, reject, type Verdict } from './emit.ts'
import { checkPlan, enforceQuota } from './enforce-quota.ts'
import { type ChainPosition, limitChainDepth, limitStepDepth } from './limit-chain-depth.ts'
import type { MatchWebhooks } from './match-webhooks.ts'
import type { MatchWorkflows } from './match-workflows.ts'
import { parse } from './parse.ts'

export interface JudgeContext {
  view: ControlView
  state: AdmissionState
  chains: ChainTokens
  /** Findings on a payload, at most 20. */
  validate(registration: Registration, value: unknown): Finding[]
  matchWebhooks: MatchWebhooks
  matchWorkflows: MatchWorkflows
}

/** Decides, and changes nothing but `progress`, which records the steps that were passed. */
export function judge(emit: Emit, progress: Progress, context: JudgeContext): Verdict {
  const { view, state, chains, validate } = context
  const parsed = parse(emit)
  if ('verdict' in parsed) return parsed

  const organization = checkOrganization(view.organization(emit.organizationId))
  if ('verdict' in organization) return organization
  progress.organization = organization

  const claim = deduplicate(emit, organization, state)
  if (claim && 'verdict' in claim) return claim

  const resolved = resolveEvent(view.event(emit.organizationId, emit.request.fullName), emit.request.version)
  if ('code' in resolved) return unresolved(emit, resolved.code)
  const { registration } = resolved
  progress.registration = registration

  const refused = checkPlan(organization, registration)
  if (refused) return refused

  const findings = validate(registration, parsed.exact)
  if (findings.length > 0) return reject('payload_invalid', CODES.payload_invalid.meaning, findings)

  const chain = emit.platform ? limitStepDepth(emit.platform, progress) : limitChainDepth(emit, progress, chains)
  if ('verdict' in chain) return chain

  const numbers = state.peek(emit.organizationId, emit.environment, emit.recordedAtMs)
  const quota = enforceQuota(organization, emit.environment, numbers.used)
  if ('verdict' in quota) return quota

  const event = number(emit, registration, chain, numbers.sequence, parsed.value)
  return accept(emit, event, claim, quota, context, parsed.value)
}

/** A spelling that can never be found is reported with its position. */
function unresolved({ request, record }: Emit, code: 'event_not_registered' | 'event_not_published'): Rejection {
  const { message, field, problem } = explainUnresolved(code, request.fullName, request.version)
  if (field === undefined || problem === undefined) return reject(code, message)
  const path = request.channel === 'kafka' ? fieldPointer(field, record.headers) : `/${field}`
  return reject(code, message, [{ path, rule: field, message: problem }])
}

function number(
  emit: Emit,
  registration: Registration,
  chain: ChainPosition,
  sequence: number,
  value: Record<string, unknown>,
): EventFacts {
  const { request } = emit
  const id = eventId(emit.position)
  return {
    eventId: id,
    emitId: emit.emitId,
    organizationId: emit.organizationId,
    environment: emit.environment,
    sequence,
    type: request.fullName,
    canonicalName: registration.canonicalName,
    kind: request.fullName === GENERIC_FULL_NAME && typeof value.kind === 'string' ? value.kind : null,
    source: emit.platform?.source ?? (request.channel === 'http' ? 'api' : 'kafka'),
    subject: request.subject ?? null,
    actorId: request.platform?.actorId ?? 'producer',
    timeMs: request.timeMs ?? emit.recordedAtMs,
    recordedAtMs: emit.recordedAtMs,
    schemaVersion: registration.version,
    schemaHash: registration.schemaHash,
    correlationId: request.correlationId ?? null,
    causationId: request.platform?.redriveOf ?? chain.cause?.eventId ?? null,
    traceparent: request.traceparent,
    rootEventId: chain.cause?.rootEventId ?? id,
    depth: chain.depth,
    path: chain.path,
    federation: null,
  }
}

function accept(
  emit: Emit,
  event: EventFacts,
  claim: Claim | undefined,
  quota: Acceptance['quota'],
  { matchWebhooks, matchWorkflows }: JudgeContext,
  value: unknown,
): Acceptance {
  const matched = matchWebhooks(emit.organizationId, emit.environment, event, () => value)
  const workflows = matchWorkflows(emit, event, () => value)
  const { organizationId, emitId, eventId, canonicalName, sequence, recordedAtMs } = event
  const heldKey = claim && heldKeyOf(claim, { organizationId, emitId, eventId, canonicalName, sequence, recordedAtMs })
  return { verdict: 'accepted', event, ...matched, workflows, quota, heldKey }
}

export const keysRememberedBy = (organization: Organization): number => planOf(organization.plan).idempotencyKeys
