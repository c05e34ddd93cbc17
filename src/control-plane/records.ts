/**
 * What the control plane holds: one record per thing, stored whole under the key `<kind>/<organization>/<id>` of the topic `control`.
 * Times are ISO 8601 strings in UTC. `revision` starts at 1 and grows by one with each change (C.0.1).
 */

export const PLANS = ['FREE', 'BASIC', 'PRO', 'ENTERPRISE'] as const
export type Plan = (typeof PLANS)[number]

export const ENVIRONMENTS = ['live', 'test'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

export const SCOPES = [
  'events:emit',
  'events:read',
  'events:manage',
  'webhooks:manage',
  'federation:manage',
  'marketplace:manage',
  'workflows:manage',
  'keys:manage',
  'audit:read',
] as const
export type Scope = (typeof SCOPES)[number]

interface Stored {
  id: string
  organizationId: string
  revision: number
  createdAt: string
  updatedAt: string
}

/** C.0.2. `id` = `organizationId`. */
export interface Organization extends Stored {
  slug: string
  name: string
  plan: Plan
  status: 'active' | 'suspended' | 'deleted'
  ownerEmail: string | null
  namespaceAllowlist: string[]
  /** Partitions of `emits.<org>` and `events.<org>`. */
  partitions: number
  /** Whether the topics of the test environment have been made: with the first test key. */
  testEnvironment: boolean
}

/** An API key; the key itself is never stored, `hash` is its SHA-256 in hex. */
export interface ApiKey extends Stored {
  name: string
  environment: Environment
  scopes: Scope[]
  hash: string
  /** The first characters, to recognise it by. */
  hint: string
  expiresAt: string | null
}

export type SchemaFlavour = 'json-schema-2020-12' | 'openapi-3.1'

/** C.11.6. Immutable apart from `status`, `description` and their times. */
export interface Registration extends Stored {
  namespace: string
  name: string
  version: string
  canonicalName: string
  status: 'draft' | 'published' | 'archived'
  description: string | null
  payloadSchema: Record<string, unknown>
  payloadExample: unknown
  /** SHA-256 of the canonical JSON (RFC 8785), hex. */
  schemaHash: string
  schemaFlavour: SchemaFlavour
  semverBump: 'initial' | 'patch' | 'minor' | 'major'
  /** Id of the key that registered it, or `system`. */
  registeredBy: string
  publishedAt: string | null
  archivedAt: string | null
  /** The `Idempotency-Key` that it was registered with: the same call with the same key is answered with it again (C.11.2). */
  idempotencyKey?: string
}

/** C.10. */
export interface Webhook extends Stored {
  environment: Environment
  name: string | null
  description: string | null
  url: string
  /** Selectors (C.0.4), 1–100. */
  events: string[]
  active: boolean
  pausedAt: string | null
  /** AES-256-GCM, see `src/control-plane/secrets.ts`. */
  encryptedSecret: string
  timeoutMs: number
  maxInFlight: number
  /** Delays before each attempt, in milliseconds; the first is 0. */
  retryDelaysMs: number[]
  apiVersion: string
}

export interface RecordsByKind {
  organization: Organization
  key: ApiKey
  registration: Registration
  webhook: Webhook
}
export type Kind = keyof RecordsByKind
export const KINDS = ['organization', 'key', 'registration', 'webhook'] as const satisfies readonly Kind[]
