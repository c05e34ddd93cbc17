/** A delivery: the event that a webhook matched, with the newest step. */

import type { AttemptRow, DeliveryState, ErrorKind } from '../../../topics/audit-attempts.ts'
import { deliveryId } from '../../model/ids.ts'
import { MESSAGE_TYPE } from '../../model/names.ts'

/** See docs/specification/deliveries.md#delivery-states. Times are ISO 8601, UTC. */
export interface Delivery {
  id: string
  webhookId: string
  eventId: string
  emitId: string
  /** `<namespace>.<name>`. */
  eventType: string
  canonicalName: string
  sequence: number
  status: DeliveryState | 'pending'
  /** The reason why it failed, was cancelled or skipped, or is retried: one word. */
  reason: string | null
  /** Attempts made. */
  attempts: number
  /** Null while pending: the webhook's setting at the first attempt decides. */
  maxAttempts: number | null
  nextAttemptAt: string | null
  responseStatus: number | null
  responseTimeMs: number | null
  lastError: string | null
  lastErrorKind: ErrorKind | null
  trigger: AttemptRow['trigger'] | 'workflow'
  /** Set on a delivery that a replay or a catch-up made. */
  replayId: string | null
  createdAt: string
  completedAt: string | null
}

/** An id of any other form does not exist. */
export const DELIVERY_ID = /^dlv_[0-9a-z]{1,60}$/

/**
 * One step of a delivery: an attempt, or an end without one (`attemptId` null). Fields as in
 * `topics/audit-attempts.ts`.
 */
export type TimeParts = 'queuedMs' | 'dnsMs' | 'tlsMs' | 'remoteAddress'

export interface Attempt
  extends Omit<
    AttemptRow,
    | 'organizationId'
    | 'environment'
    | 'trigger'
    | 'startedAtMs'
    | 'nextAttemptAtMs'
    | 'createdAtMs'
    | 'requestHeaders'
    | 'responseHeaders'
    | TimeParts
  > {
  trigger: Delivery['trigger']
  startedAt: string
  nextAttemptAt: string | null
  createdAt: string
  requestHeaders: Record<string, string> | null
  responseHeaders: Record<string, string> | null
  queuedMs?: number | null
  dnsMs?: number | null
  tlsMs?: number | null
  remoteAddress?: string | null
}

/** The newest step of a delivery. */
export type Step = Pick<
  Attempt,
  | 'deliveryId'
  | 'webhookId'
  | 'eventId'
  | 'emitId'
  | 'eventType'
  | 'canonicalName'
  | 'sequence'
  | 'number'
  | 'maxAttempts'
  | 'trigger'
  | 'state'
  | 'reason'
  | 'startedAt'
  | 'durationMs'
  | 'responseStatus'
  | 'errorKind'
  | 'error'
  | 'nextAttemptAt'
  | 'replayId'
  | 'createdAt'
  | 'attemptId'
>

/** An event that a webhook matched. */
export type MatchedEvent = Pick<
  Delivery,
  'eventId' | 'emitId' | 'eventType' | 'canonicalName' | 'sequence' | 'createdAt'
>

/** A delivery before its first step. */
export function pendingDelivery(event: MatchedEvent, webhookId: string): Delivery {
  const { eventId, emitId, eventType, canonicalName, sequence, createdAt } = event
  return {
    id: deliveryId(eventId, webhookId),
    webhookId,
    eventId,
    emitId,
    eventType,
    canonicalName,
    sequence,
    status: 'pending',
    reason: null,
    attempts: 0,
    maxAttempts: null,
    nextAttemptAt: null,
    responseStatus: null,
    responseTimeMs: null,
    lastError: null,
    lastErrorKind: null,
    trigger: 'live',
    replayId: null,
    createdAt,
    completedAt: null,
  }
}

/** A delivery that was not made although the webhook's selectors matched, under the id that it would have had. */
export function skippedDelivery(event: MatchedEvent, webhookId: string, reason: string): Delivery {
  return {
    ...pendingDelivery(event, webhookId),
    status: 'skipped',
    reason,
    maxAttempts: 0,
    completedAt: event.createdAt,
  }
}

/** Tests of webhooks and messages of workflows: what was delivered cannot be read again. */
export const isInNoLog = (trigger: Delivery['trigger']): boolean => trigger === 'test' || trigger === 'workflow'

/** Rows of messages have the trigger `test`, which every release knows. */
export const triggerOf = ({ trigger, eventType }: Pick<Step, 'trigger' | 'eventType'>): Delivery['trigger'] =>
  trigger === 'test' && eventType === MESSAGE_TYPE ? 'workflow' : trigger

/** A delivery in the state of its newest step. */
export function toDelivery(step: Step): Delivery {
  const {
    webhookId,
    eventId,
    emitId,
    eventType,
    canonicalName,
    sequence,
    reason,
    maxAttempts,
    nextAttemptAt,
    replayId,
    createdAt,
  } = step
  const isOpen = step.state === 'retrying'
  return {
    id: step.deliveryId,
    webhookId,
    eventId,
    emitId,
    eventType,
    canonicalName,
    sequence,
    status: step.state,
    reason,
    attempts: step.number,
    maxAttempts,
    nextAttemptAt: isOpen ? nextAttemptAt : null,
    responseStatus: step.responseStatus,
    responseTimeMs: step.attemptId === null ? null : step.durationMs,
    lastError: step.error,
    lastErrorKind: step.errorKind,
    trigger: triggerOf(step),
    replayId,
    createdAt,
    completedAt: isOpen ? null : new Date(Date.parse(step.startedAt) + step.durationMs).toISOString(),
  }
}
