/** The verdict on an emit if it came now: the rules of `admit`, on this process's view. Nothing is appended or counted. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { failedCondition } from '../../events/failed-condition.ts'
import { createSelectorIndex } from '../../events/selector.ts'
import {
  organizationRefusal,
  planRefusal,
  quotaLimit,
  quotaRefusal,
  type Refusal,
  readPayload,
} from '../../ingress/emit-rules.ts'
import type { LiveUsage } from '../../ingress/ports.ts'
import type { Emitter, ReadEmit } from '../../ingress/submit-emit.ts'
import { CODES, type Code, type Finding } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import type { Registration } from '../../model/registrations.ts'
import type { Webhook } from '../../model/webhooks.ts'
import { explainUnresolved, resolveEvent } from '../../registry/resolve-event.ts'
import type { Validators } from '../../registry/validators.ts'
import { impactOf } from '../registrations/impact.ts'
import { ownReceivers } from '../webhooks/webhook-plan.ts'

export interface EmitPreview {
  verdict: 'accepted' | 'rejected'
  code: Code | null
  message: string | null
  findings: Finding[]
  canonicalName: string | null
  schemaVersion: string | null
  /** `used` without this emit. */
  quota: { used: number; limit: number | null }
  /** `reason`: `selector`, `condition`, or `inactive` for one that gets it when it is switched on. */
  webhooks: Array<{ webhookId: string; name: string | null; matches: boolean; reason: string | null }>
  peers: Array<{ memberId: string; name: string | null }>
  warnings: string[]
  /** The idempotency key is not looked up: only `admit` knows which are taken. */
  idempotencyChecked: false
}

export type PreviewEmit = (by: Emitter, read: ReadEmit) => EmitPreview

export function createPreviewEmit(deps: {
  view: ControlView
  validators: Pick<Validators, 'validate'>
  usage: LiveUsage
  clock: { nowMs(): number }
}): PreviewEmit {
  const { view, validators } = deps

  function judge(by: Emitter, read: ReadEmit, used: number, limit: number | null): Judged {
    const { organization } = by
    const { emit, payload } = read
    const parsed = readPayload(payload)
    if ('code' in parsed) return { refusal: parsed }
    const suspended = organizationRefusal(organization)
    if (suspended !== undefined) return { refusal: suspended }
    const resolved = resolveEvent(view.event(organization.id, emit.fullName), emit.version)
    if ('code' in resolved) return { refusal: unresolved(resolved.code, emit) }
    const { registration } = resolved
    const refusal = planRefusal(organization, registration)
    if (refusal !== undefined) return { refusal, registration }
    const findings = validators.validate(registration, parsed.exact)
    if (findings.length > 0)
      return { registration, refusal: { code: 'payload_invalid', message: CODES.payload_invalid.meaning, findings } }
    const overQuota = quotaRefusal(used, limit)
    return { registration, value: parsed.value, ...(overQuota && { refusal: overQuota }) }
  }

  return (by, read) => {
    const { key, organization } = by
    const { environment } = key
    const nowMs = deps.clock.nowMs()
    const used = deps.usage.used(organization.id, environment, new Date(nowMs).toISOString().slice(0, 7))
    const limit = quotaLimit(organization, environment)
    const { refusal, registration, value } = judge(by, read, used, limit)
    const event = registration && value && eventOf(by, read, registration, value, nowMs)
    const owner = { organizationId: organization.id, environment }
    const webhooks = ownReceivers(view.webhooks(organization.id)).filter(each => each.environment === environment)
    return {
      verdict: refusal === undefined ? 'accepted' : 'rejected',
      code: refusal?.code ?? null,
      message: refusal?.message ?? null,
      findings: refusal?.findings ?? [],
      canonicalName: registration?.canonicalName ?? null,
      schemaVersion: registration?.version ?? null,
      quota: { used, limit },
      webhooks: event === undefined ? [] : webhooks.map(webhook => matchOf(webhook, event, value)),
      peers: registration === undefined ? [] : peersOf(owner, registration),
      warnings: [],
      idempotencyChecked: false,
    }
  }

  function peersOf(owner: Parameters<typeof impactOf>[1], registration: Registration): EmitPreview['peers'] {
    return impactOf(view, owner, registration)
      .peers.filter(({ receives }) => receives)
      .map(({ memberId }) => ({ memberId, name: view.federation.member(memberId)?.label ?? null }))
  }
}

interface Judged {
  refusal?: Refusal
  registration?: Registration
  value?: Record<string, unknown>
}

function unresolved(code: 'event_not_registered' | 'event_not_published', emit: ReadEmit['emit']): Refusal {
  const { message, field, problem } = explainUnresolved(code, emit.fullName, emit.version)
  if (field === undefined || problem === undefined) return { code, message }
  return { code, message, findings: [{ path: `/${field}`, rule: field, message: problem }] }
}

/** As far as selectors and conditions read it: an emit that did not happen has no id and no number. */
function eventOf(
  { key, organization }: Emitter,
  { emit }: ReadEmit,
  registration: Registration,
  value: Record<string, unknown>,
  nowMs: number,
): EventFacts {
  return {
    ...{ eventId: '', emitId: '', organizationId: organization.id, environment: key.environment, sequence: 0 },
    ...{ type: emit.fullName, canonicalName: registration.canonicalName },
    kind: emit.fullName === GENERIC_FULL_NAME && typeof value.kind === 'string' ? value.kind : null,
    ...{ source: 'api', subject: emit.subject ?? null, actorId: key.id },
    ...{ timeMs: emit.time === undefined ? nowMs : Date.parse(emit.time), recordedAtMs: nowMs },
    ...{ schemaVersion: registration.version, schemaHash: registration.schemaHash },
    ...{ correlationId: emit.correlationId ?? null, causationId: null, traceparent: null, rootEventId: '' },
    ...{ depth: 0, path: [], federation: null },
  }
}

function matchOf(webhook: Webhook, event: EventFacts, value: unknown): EmitPreview['webhooks'][number] {
  const { id: webhookId, name, events, conditions, active } = webhook
  const isSelected = createSelectorIndex([{ selectors: events, value: true }]).match(event).length > 0
  if (!isSelected) return { webhookId, name, matches: false, reason: 'selector' }
  if (conditions !== null && failedCondition(conditions, event, value) !== undefined)
    return { webhookId, name, matches: false, reason: 'condition' }
  return { webhookId, name, matches: true, reason: active ? null : 'inactive' }
}
