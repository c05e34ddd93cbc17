/** The parts of the API's answers that the screens read. Members named `asText` in a call are `JsonText`. */

import type { Finding } from './call.ts'
import type { JsonText } from './exact-json.ts'

export type Environment = 'live' | 'test'

export interface Session {
  kind: 'key' | 'operator' | 'link'
  keyId: string | null
  organization: { id: string; slug: string; name: string; plan: string } | null
  environment: Environment | null
  scopes: string[]
  readOnly: boolean
  actAs: {
    organizationId: string
    environment: Environment
    write: boolean
    reason: string | null
    endsAt: string
  } | null
  screens: string[] | null
  theme: { accent?: string; name?: string; logo?: string; mode?: 'light' | 'dark' } | null
  returnUrl: string | null
  endsAt: string
}

export type DeliveryStatus = 'pending' | 'success' | 'retrying' | 'failed' | 'cancelled' | 'skipped'

export interface Delivery {
  id: string
  webhookId: string
  eventId: string
  emitId: string
  eventType: string
  sequence: number
  status: DeliveryStatus
  reason: string | null
  attempts: number
  maxAttempts: number | null
  nextAttemptAt: string | null
  responseStatus: number | null
  responseTimeMs: number | null
  lastError: string | null
  lastErrorKind: string | null
  trigger: string
  replayId: string | null
  createdAt: string
  completedAt: string | null
}

/** A step of a delivery; `attemptId` is null where no request was made. */
export interface Attempt {
  attemptId: string | null
  deliveryId: string
  webhookId: string
  number: number
  state: DeliveryStatus
  reason: string | null
  trigger: string
  url: string
  startedAt: string
  durationMs: number | null
  queuedMs?: number | null
  dnsMs?: number | null
  connectMs: number | null
  tlsMs?: number | null
  firstByteMs: number | null
  remoteAddress?: string | null
  responseStatus: number | null
  requestHeaders?: Record<string, string>
  responseHeaders?: Record<string, string>
  responseBody?: string | null
  errorKind: string | null
  error: string | null
  nextAttemptAt: string | null
  createdAt: string
  withheld?: true
}

export interface DeliveryInFull extends Delivery {
  history: Attempt[]
  webhook: Webhook | null
}

export interface Webhook {
  id: string
  revision: number
  environment: Environment
  name: string | null
  description: string | null
  url: string
  events: string[]
  active: boolean
  pausedAt: string | null
  timeoutMs: number
  maxInFlight: number
  conditions: unknown
  ordering: string
  signatureProfiles: string[]
  wireFormat: string
  headerNames: string[]
  health: 'healthy' | 'failing' | 'disabled'
  failingSince: string | null
  autoDisableAfterDays: number | null
  retry: { preset: string | null; delays: number[]; maxAttempts: number }
  previousSecretExpiresAt: string | null
  lastDeliveryAt: string | null
  lastDeliveryStatus: string | null
  counters: { attempts: number; succeeded: number; failed: number } | null
  waiting: {
    count: number
    oldestAt: string | null
    since: string | null
    reason: string
    ratePerSecond: number
  } | null
  createdAt: string
  updatedAt: string
}

export interface WebhookStats {
  buckets: Array<{
    start: string
    attempts: number
    succeeded: number
    failed: number
    p50Ms: number | null
    p95Ms: number | null
  }>
  errors: ErrorGroup[]
  otherErrors: number
}

export interface ErrorGroup {
  errorKind: string | null
  responseStatus: number | null
  count: number
  firstAt: string
  lastAt: string
  sampleDeliveryId: string
}

export type EmitStatus = 'REQUESTED' | 'RELAYED' | 'DELIVERED' | 'FAILED' | 'REJECTED' | 'DEDUPLICATED'

export interface Emit {
  id: string
  emitId: string
  eventId: string | null
  status: EmitStatus
  verdict: string | null
  code: string | null
  message: string | null
  name: string | null
  canonicalName: string | null
  schemaVersion: string | null
  sequence: number | null
  subject: string | null
  actorId: string
  source: string
  channel: string | null
  environment: Environment
  time: string | null
  recordedAt: string
  judgedAt: string | null
  idempotencyKey: string | null
  correlationId: string | null
  causationId: string | null
  rootEventId: string | null
  depth: number
  payloadBytes: number
  subscriberCount: number | null
  originalEmitId: string | null
  requestId: string | null
  findings: Finding[] | null
  webhooks?: Array<{ webhookId: string; skipped: string | null }>
}

export interface EventInFull {
  id: string
  emit: Emit
  payload?: JsonText
  withheld?: true
  deliveries: Delivery[]
  attempts: Attempt[]
}

export interface Registration {
  id: string
  revision: number
  namespace: string
  name: string
  version: string
  canonicalName: string
  status: 'draft' | 'published' | 'archived' | 'federated'
  description: string | null
  payloadSchema: JsonText
  payloadExample: JsonText
  schemaHash: string
  semverBump: string | null
  publishedAt: string | null
  archivedAt: string | null
  createdAt: string
}

export interface ReplayProgress {
  matched: number | null
  processed: number | null
  succeeded: number | null
  failed: number | null
  skipped: number | null
}

export interface Replay {
  id: string
  kind: string
  name: string | null
  source: {
    from: string | null
    to: string | null
    selectors: string[]
    /** Of a redrive: how many there were, and the error they ended with. */
    deadLetters?: { count: number; errorKind: string | null; responseStatus: number | null } | null
  }
  target: { kind: string; ids: string[] }
  options: { ratePerSecond: number; onlyFailed: boolean; dryRun: boolean }
  state: 'pending' | 'running' | 'paused' | 'cancelling' | 'cancelled' | 'completed' | 'failed'
  stateReason: string | null
  progress: ReplayProgress
  requestedBy: string
  createdAt: string
  startedAt: string | null
  endedAt: string | null
}

export interface ApiKey {
  id: string
  name: string
  environment: Environment
  scopes: string[]
  hint: string
  expiresAt: string | null
  lastUsedAt: string | null
  createdAt: string
}

export interface AuditEntry {
  id: string
  type: string
  entityType: string
  entityId: string
  canonicalName: string | null
  actorId: string
  occurredAt: string
  previousStatus: string | null
  status: string | null
  reason: string | null
  requestId: string | null
  ip: string | null
  data: unknown
}

export interface Quarantined {
  id: string
  emitId: string
  code: string
  message: string
  findings: Finding[]
  name: string | null
  recordedAt: string
  topic: string
  partition: number
  offset: number
  key?: string | null
  headers?: Record<string, string>
  payload?: string | null
  payloadEncoding?: 'utf8' | 'base64' | null
  payloadBytes?: number
  withheld?: true
}

export interface Notice {
  id: string
  channel: string
  title: string | null
  message: string
  severity: 'info' | 'warning' | 'critical'
  status: string
  readAt: string | null
  createdAt: string
  data: Record<string, unknown> | null
}

export interface Organization {
  id: string
  slug: string
  name: string
  plan: string
  status: 'active' | 'suspended' | 'deleted'
  ownerEmail: string | null
  namespaceAllowlist: string[]
  limits: { emitsPerSecond: number | null }
  createdAt: string
}
