/**
 * Lifecycle events (C.3) as events of an organization's log. Everything that happens is in the audit topics; here it also becomes an event,
 * for webhooks that name it: no other selector matches one. The record is written in the transaction of what it tells of.
 */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import { CHAIN_DEPTH_MAX } from '../../events/chain.ts'
import { createSelectorIndex } from '../../events/selector.ts'
import { platformEmit, platformEmitRecord } from '../../ingress/platform-emit.ts'
import { schemaHash } from '../../json/canonical-json.ts'
import type { OutRecord } from '../../kafka/ports.ts'
import type { ControlView } from '../../model/control-view.ts'
import { isLifecycleType, LIFECYCLE_PATTERN, lifecycleCanonicalName } from '../../model/names.ts'
import { ENVIRONMENTS, type Environment, type Webhook } from '../../model/records.ts'

/** What a lifecycle event follows from; its own depth is one more, so that loops through lifecycle events end too (C.3.1, 2). */
export type Cause = Pick<EventFacts, 'rootEventId' | 'depth' | 'path'> & {
  eventId: string | null
  traceparent?: string | null
  /** It is a lifecycle event itself: nothing is announced because of it (C.3.1, 2). */
  isLifecycle?: boolean
}

export interface Lifecycle {
  /** Whether any webhook of the organization's environment listens to any lifecycle event. Costs two look-ups, as does `isNamed`. */
  isListening(organizationId: string, environment: Environment): boolean
  /** Whether one listens to this name. */
  isNamed(organizationId: string, environment: Environment, type: string): boolean
  /** The record for `platform.emits`, or none if nobody listens. `row.id` is unique to what happened. */
  announce(row: ChangeRow, environment: Environment, cause?: Cause): OutRecord[]
  /** As an emit ended with its last delivery, or by having no subscriber (D-12). None for what the platform emitted. */
  emitDelivered(event: EventFacts, subscriberCount: number, nowMs: number): OutRecord[]
  /** One subscriber's attempts are used up. */
  emitDeliveryFailed(event: EventFacts, failure: DeliveryFailure, nowMs: number): OutRecord[]
}

export interface DeliveryFailure {
  subscriberType: 'webhook' | 'federation_peer'
  subscriberId: string
  attempts: number
  lastError: string | null
}

export function createLifecycle(deps: { view: Pick<ControlView, 'webhooks'>; shards: number }): Lifecycle {
  const isNamed = (organizationId: string, environment: Environment, type: string) =>
    namesOf(deps.view.webhooks(organizationId))[environment].has(type)

  function announce(row: ChangeRow, environment: Environment, cause?: Cause): OutRecord[] {
    if (cause?.isLifecycle || !isNamed(row.organizationId, environment, row.type)) return []
    return [platformEmitRecord(lifecycleEmit(row, environment, cause), deps.shards)]
  }

  function ofEmit(
    event: EventFacts,
    type: string,
    id: string,
    status: string,
    data: object,
    nowMs: number,
  ): OutRecord[] {
    if (!isEmitted(event) || !isNamed(event.organizationId, event.environment, type)) return []
    return announce(
      { ...rowOfEmit(event, type, nowMs), id, status, data: JSON.stringify(data) },
      event.environment,
      causeOf(event),
    )
  }

  return {
    isListening: (organizationId, environment) => namesOf(deps.view.webhooks(organizationId))[environment].size > 0,
    isNamed,
    announce,
    emitDelivered(event, subscriberCount, nowMs) {
      const type = 'CUSTOM_EVENT_EMIT_DELIVERED'
      return ofEmit(
        event,
        type,
        `${type}/${event.emitId}`,
        'DELIVERED',
        { emitId: event.emitId, subscriberCount },
        nowMs,
      )
    },
    emitDeliveryFailed(event, failure, nowMs) {
      const type = 'CUSTOM_EVENT_EMIT_DELIVERY_FAILED'
      const id = `${type}/${event.emitId}/${failure.subscriberId}`
      return ofEmit(event, type, id, 'FAILED', { emitId: event.emitId, ...failure }, nowMs)
    },
  }
}

/** An organization's own emit: what the platform emits, lifecycle events first of all, has no emit chain. */
const isEmitted = ({ canonicalName, federation }: EventFacts) =>
  canonicalName.startsWith('TENANT_CUSTOM:') && federation === null

const rowOfEmit = ({ organizationId, emitId, canonicalName, actorId }: EventFacts, type: string, nowMs: number) => ({
  ...{
    organizationId,
    type,
    entityType: 'emit',
    entityId: emitId,
    canonicalName,
    actorId,
    occurredAtMs: Math.round(nowMs),
  },
  ...{ previousStatus: null, reason: null, requestId: null },
})

/** The event itself. One from outside begins no chain through its lifecycle events: its depth counts as -1. */
export const causeOf = ({ eventId, rootEventId, depth, path, causationId, traceparent, type }: EventFacts): Cause => ({
  eventId,
  traceparent,
  rootEventId,
  depth: causationId === null && depth === 0 ? -1 : depth,
  path,
  isLifecycle: isLifecycleType(type),
})

type Names = Record<Environment, ReadonlySet<string>>
/** By the list of webhooks, which is another one when any of them changes. */
const known = new WeakMap<readonly Webhook[], Names>()
const NOBODY: Names = { live: new Set(), test: new Set() }

/** The lifecycle names that webhooks listen to, by environment. */
export function namesOf(webhooks: readonly Webhook[]): Names {
  if (webhooks.length === 0) return NOBODY
  const found = known.get(webhooks)
  if (found) return found
  const names = (environment: Environment) =>
    new Set(
      webhooks
        .filter(webhook => webhook.environment === environment)
        .flatMap(({ events }) => events.map(nameIn).filter(name => LIFECYCLE_PATTERN.test(name))),
    )
  const made = { live: names('live'), test: names('test') }
  known.set(webhooks, made)
  return made
}

/**
 * A change of the control plane for those who name it: in the environment of what changed, or in both where it belongs to none. `after` and
 * `before`: the control plane on either side of the change.
 */
export function lifecycleEmitsOf(row: ChangeRow, after: Reading, before: Reading): PlatformEmit[] {
  const names = namesOf(after.webhooks(row.organizationId))
  const naming = ENVIRONMENTS.filter(environment => names[environment].has(row.type))
  if (naming.length === 0) return []
  const own = environmentOf(row, after) ?? environmentOf(row, before)
  return naming
    .filter(environment => own === undefined || own === environment)
    .map(environment => lifecycleEmit(row, environment))
}

/** Whether some webhook selects it: what the platform publishes unasked numbers no event of a log that nobody follows for it. */
export function isSelected({ environment, type, canonicalName }: PlatformEmit, webhooks: readonly Webhook[]): boolean {
  const own = webhooks.filter(webhook => webhook.environment === environment && webhook.peer === null)
  const index = createSelectorIndex(own.map(({ events }) => ({ selectors: events, value: true })))
  return index.match({ type, canonicalName, kind: null }).length > 0
}

type Reading = Pick<ControlView, 'find' | 'webhooks'>

function environmentOf({ entityType, organizationId, entityId }: ChangeRow, view: Reading): Environment | undefined {
  if (entityType !== 'webhook' && entityType !== 'key' && entityType !== 'replay') return undefined
  return view.find(entityType, organizationId, entityId)?.environment
}

const CANONICAL = /^PLATFORM_LIFECYCLE:[^:]*:([^@]*)@1$/
const nameIn = (selector: string): string => CANONICAL.exec(selector)?.[1] ?? selector

/** One row of the audit as a lifecycle event. */
export function lifecycleEmit(row: ChangeRow, environment: Environment, cause?: Cause): PlatformEmit {
  const { organizationId, type, actorId, requestId, entityId } = row
  const chained = cause !== undefined && cause.depth >= 0
  return platformEmit({
    ...{ kind: 'lifecycle', id: `${row.id}/${environment}`, organizationId, environment, type },
    canonicalName: lifecycleCanonicalName(organizationId, type),
    ...{
      schemaVersion: '1',
      schemaHash: LIFECYCLE_SCHEMA_HASH,
      source: 'platform',
      subject: entityId,
      actorId,
      requestId,
    },
    timeMs: Math.round(row.occurredAtMs),
    causationId: cause?.eventId ?? null,
    traceparent: cause?.traceparent ?? null,
    ...(chained
      ? { rootEventId: cause.rootEventId, depth: Math.min(cause.depth + 1, CHAIN_DEPTH_MAX), path: cause.path }
      : {}),
    payload: Buffer.from(JSON.stringify(dataOf(row))),
  })
}

/** C.3.1 (3), then what is the event's own (C.3.2); what is not known is left out. */
function dataOf({
  entityType,
  entityId,
  organizationId,
  actorId,
  occurredAtMs,
  requestId,
  data,
  ...row
}: ChangeRow): object {
  const known = Object.entries({
    canonicalName: row.canonicalName,
    previousStatus: row.previousStatus,
    status: row.status,
    reason: row.reason,
  })
  const common = {
    entityType,
    entityId,
    organizationId,
    actorId,
    occurredAt: new Date(occurredAtMs).toISOString(),
    requestId,
  }
  return {
    ...common,
    ...(JSON.parse(data) as object),
    ...Object.fromEntries(known.filter(([, value]) => value !== null)),
  }
}

const text = { type: 'string' }
export const LIFECYCLE_SCHEMA = {
  type: 'object',
  properties: {
    ...{ entityType: text, entityId: text, organizationId: text, canonicalName: text, actorId: text },
    occurredAt: { type: 'string', format: 'date-time' },
    ...{ previousStatus: text, status: text, reason: text, requestId: { type: ['string', 'null'] } },
  },
  required: ['entityType', 'entityId', 'organizationId', 'actorId', 'occurredAt', 'requestId'],
}
const LIFECYCLE_SCHEMA_HASH = schemaHash(LIFECYCLE_SCHEMA)
