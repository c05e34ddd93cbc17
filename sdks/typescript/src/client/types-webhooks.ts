/** What webhooks, deliveries and replays take and answer (C.8, C.10). */
import type { SignatureProfile } from '../webhooks/profiles.ts'
import type { Json } from './types.ts'

export interface NewWebhook {
  url: string
  /** Selectors: `*`, `ns.*`, `ns.name`, `ns.name@1.2.0`, a canonical name, a built-in type. */
  events: string[]
  /** 16–256 characters; made by the platform unless given, and shown in this one answer. */
  secret?: string
  name?: string
  description?: string
  active?: boolean
  signatureProfiles?: SignatureProfile[]
  wireFormat?: string
  timeoutMs?: number
  maxInFlight?: number
  retry?: { preset?: string; delays?: Array<number | string>; maxAttempts?: number }
  [field: string]: unknown
}
export interface Webhook {
  id: string
  revision: number
  environment: 'live' | 'test'
  name: string | null
  description: string | null
  url: string
  events: string[]
  active: boolean
  retry: { preset: string | null; delays: number[]; maxAttempts: number }
  createdAt: string
  updatedAt: string
  [field: string]: unknown
}
export interface Delivery {
  id: string
  webhookId: string
  eventId: string
  eventType: string
  status: 'pending' | 'success' | 'retrying' | 'failed' | 'cancelled' | 'skipped'
  attempts: number
  responseStatus: number | null
  lastError: string | null
  createdAt: string
  [field: string]: unknown
}

/** Of `POST …/:id/test`. */
export interface WebhookTest {
  success: boolean
  deliveryId: string
  eventId: string
  responseStatus: number | null
  responseTimeMs: number
  error: string | null
  errorKind: string | null
}
/** With every step of it, and the webhook as it is now (null: deleted). */
export interface DeliveryInFull extends Delivery {
  history: Json[]
  webhook: Json | null
}
/** Which dead letters go through their schedule anew. */
export type RedriveChoice = { deliveryIds: string[] } | { webhookId?: string; from?: string; to?: string }

export interface ReplayRange {
  from: string
  to?: string
  selectors?: string[]
  ratePerSecond?: number
}
export interface NewReplay {
  name?: string
  source: { from: string; to?: string; selectors?: string[] }
  target: { kind: 'webhook'; ids: [string] }
  options?: { ratePerSecond?: number; onlyFailed?: boolean }
}
export interface Replay {
  id: string
  revision: number
  name: string | null
  kind: 'replay' | 'recover'
  state: 'pending' | 'running' | 'paused' | 'cancelling' | 'cancelled' | 'completed' | 'failed'
  stateReason: string | null
  progress: {
    matched: number | null
    processed: number
    succeeded: number
    failed: number
    skipped: number
    lastRecordedAt: string | null
  }
  startedAt: string | null
  endedAt: string | null
  [field: string]: unknown
}

export interface NewSubscription {
  name: string
  version?: string
  webhookUrl: string
  displayName?: string
  secret?: string
}
export interface Subscription {
  subscriptionId: string
  webhookId: string
  canonicalName: string
  secret: string
  webhookUrl: string
}
