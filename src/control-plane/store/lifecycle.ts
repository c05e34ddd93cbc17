/**
 * Lifecycle events as events of an organization's log. Everything that happens is in the audit topics; it also becomes
 * an event where a webhook or live workflow of the environment, or the organization's own list, names it: no other
 * selector matches one.
 * The record is written in the transaction of the change. See docs/specification/platform-events.md#lifecycle-events.
 */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import { CHAIN_DEPTH_MAX } from '../../events/chain.ts'
import { platformEmit, platformEmitRecord } from '../../ingress/platform-emit.ts'
import { schemaHash } from '../../json/canonical-json.ts'
import type { OutRecord } from '../../kafka/ports.ts'
import type { ControlView } from '../../model/control-view.ts'
import { ENVIRONMENTS, type Environment } from '../../model/environments.ts'
import { isLifecycleType, lifecycleCanonicalName } from '../../model/names.ts'
import { namesOf } from './lifecycle-names.ts'

/**
 * The cause of a lifecycle event; the event's own depth is one more, so that loops through lifecycle events end too.
 */
export type Cause = Pick<EventFacts, 'rootEventId' | 'depth' | 'path'> & {
  eventId: string | null
  traceparent?: string | null
  /** The cause is a lifecycle event itself: nothing is announced because of it. */
  isLifecycle?: boolean
}

export interface Lifecycle {
  /**
   * Whether any lifecycle event is named in the organization's environment. Costs a few look-ups, as does `isNamed`.
   */
  isListening(organizationId: string, environment: Environment): boolean
  /** Whether a webhook, a queue, a live workflow or the organization's list names this event. */
  isNamed(organizationId: string, environment: Environment, type: string): boolean
  /** The record for `platform.emits`, or none if it is not named. `row.id` is unique to the change. */
  announce(row: ChangeRow, environment: Environment, cause?: Cause): OutRecord[]
  /** An emit that ended with its last delivery, or at once without subscribers. None for the platform's own emits. */
  emitDelivered(event: EventFacts, subscriberCount: number, nowMs: number): OutRecord[]
  /** A delivery that used all its attempts. */
  emitDeliveryFailed(event: EventFacts, failure: DeliveryFailure, nowMs: number): OutRecord[]
}

export interface DeliveryFailure {
  subscriberType: 'webhook' | 'sink' | 'federation_peer'
  subscriberId: string
  attempts: number
  lastError: string | null
}

export function createLifecycle(deps: {
  view: Pick<ControlView, 'webhooks' | 'organization' | 'list'>
  shards: number
}): Lifecycle {
  const { view } = deps
  const namesIn = (organizationId: string, environment: Environment) =>
    namesOf({
      webhooks: view.webhooks(organizationId),
      organization: view.organization(organizationId),
      workflows: view.list('workflow', organizationId),
      queues: view.list('queue', organizationId),
    })[environment]
  const isNamed = (organizationId: string, environment: Environment, type: string) =>
    namesIn(organizationId, environment).has(type)

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
    isListening: (organizationId, environment) => namesIn(organizationId, environment).size > 0,
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

/** An organization's own emit: emits of the platform, lifecycle events above all, have no emit chain. */
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

/** The event as a cause. Lifecycle events of an emit from outside begin no chain: its depth counts as -1. */
export const causeOf = ({ eventId, rootEventId, depth, path, causationId, traceparent, type }: EventFacts): Cause => ({
  eventId,
  traceparent,
  rootEventId,
  depth: causationId === null && depth === 0 ? -1 : depth,
  path,
  isLifecycle: isLifecycleType(type),
})

/**
 * The lifecycle events of a control-plane change where they are named: in the environment of the changed record, or in
 * both where it has none. `after` and `before`: the control plane on either side of the change.
 */
export function lifecycleEmitsOf(row: ChangeRow, after: Reading, before: Reading): PlatformEmit[] {
  const { organizationId } = row
  const names = namesOf({
    webhooks: after.webhooks(organizationId),
    organization: after.find('organization', organizationId, organizationId),
    workflows: after.list('workflow', organizationId),
    queues: after.list('queue', organizationId),
  })
  const naming = ENVIRONMENTS.filter(environment => names[environment].has(row.type))
  if (naming.length === 0) return []
  const own = environmentOf(row, after) ?? environmentOf(row, before)
  return naming
    .filter(environment => own === undefined || own === environment)
    .map(environment => lifecycleEmit(row, environment))
}

type Reading = Pick<ControlView, 'find' | 'webhooks' | 'list'>

/** Undefined: the changed thing has none. */
export function environmentOf(
  { entityType, organizationId, entityId }: ChangeRow,
  view: Reading,
): Environment | undefined {
  const kind = entityType === 'sink' ? 'webhook' : entityType
  if (!hasEnvironment(kind)) return undefined
  return view.find(kind, organizationId, entityId)?.environment
}

const OF_ONE_ENVIRONMENT = [
  'webhook',
  'key',
  'replay',
  'queue',
  'workflow',
  'variable',
  'secret',
  'connection',
  'mail-template',
] as const
const hasEnvironment = (entityType: string): entityType is (typeof OF_ONE_ENVIRONMENT)[number] =>
  (OF_ONE_ENVIRONMENT as readonly string[]).includes(entityType)

/** One audit row as a lifecycle event. */
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

/** The common fields, then those of the event's own; unknown ones are left out. */
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
