/**
 * What the control plane holds: one record per thing, stored whole under the key `<kind>/<organization>/<id>` of the topic `control`.
 * Times are ISO 8601 strings in UTC. `revision` starts at 1 and grows by one with each change (C.0.1).
 */

import type { Finding } from './codes.ts'

export const PLANS = ['FREE', 'BASIC', 'PRO', 'ENTERPRISE'] as const
export type Plan = (typeof PLANS)[number]

export const ENVIRONMENTS = ['live', 'test'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

/** One environment of one organization: what is emitted and delivered in one is not seen in the other. */
export interface Owner {
  organizationId: string
  environment: Environment
}

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
  /** A minor must be proved compatible without exception: an optional property added to an open model is none (D-7). False if absent. */
  strictCompatibility?: boolean
  /** Of a deleted one: since when nothing else is left of it, topics included. Absent before. */
  clearedAt?: string
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
  /** What consumers should know of the change from the version before (C.11.3); none if absent. Paths are pointers into the request. */
  warnings?: Finding[]
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
  /** AES-256-GCM, see `src/crypto/secret-box.ts`. */
  encryptedSecret: string
  timeoutMs: number
  maxInFlight: number
  /** Delays before each attempt, in milliseconds; the first is 0. */
  retryDelaysMs: number[]
  apiVersion: string
  /** Only events for which this holds are delivered (C.5.5). */
  conditions: ConditionGroup | null
  /** Which signatures each request carries, at least one. */
  signatureProfiles: SignatureProfile[]
  wireFormat: WireFormat
  ordering: 'none' | 'block' | 'park'
  /** Own headers as a JSON object, sealed like the secret; their names are shown. */
  encryptedHeaders: string | null
  headerNames: string[]
  /** During a rotation: signs too until then (C.10). */
  previousEncryptedSecret: string | null
  previousSecretExpiresAt: string | null
  /** Separate from `active` (K-23): what the engine has seen of the endpoint. */
  health: 'healthy' | 'failing' | 'disabled'
  failingSince: string | null
  autoDisableAfterDays: number | null
  /** Of what was emitted while it was off, only what came after this is delivered once it is on (`activate {resume: "latest"}`, C.10). */
  resumeAfter: string | null
  /** An external peer of a federation group (C.1), kept here so that the engine needs no second kind of receiver; not shown as a webhook. */
  peer: { groupId: string } | null
}

export const SIGNATURE_PROFILES = ['standard', 'platforma', 'platphorm', 'event', 'relay', 'ed25519'] as const
export type SignatureProfile = (typeof SIGNATURE_PROFILES)[number]

export const WIRE_FORMATS = ['default', 'cloudevents', 'ctrlplane', 'platforma', 'platphorm'] as const
export type WireFormat = (typeof WIRE_FORMATS)[number]

/** C.5.5, normalised. Operands of `path` are dotted paths into the envelope, `payload.…` for the payload. */
export type ConditionGroup = { all: ConditionNode[] } | { any: ConditionNode[] }
export type ConditionNode =
  | ConditionGroup
  | { path: string; operator: string; value?: unknown; not?: boolean; coerce?: boolean }

/** C.1.1. */
export interface FederationGroup extends Stored {
  name: string
  description: string | null
  status: 'active' | 'suspended' | 'archived'
  createdBy: string
  archivedAt: string | null
}

/** C.1.1. `organizationId` is the owner's; an external peer's settings are in the webhook of the same id. */
export interface FederationMember extends Stored {
  groupId: string
  peerType: 'tenant_org' | 'external_webhook'
  memberOrganizationId: string | null
  label: string | null
  status: 'pending' | 'accepted' | 'paused' | 'removed'
  pauseReason: 'owner' | 'member' | 'plan' | 'failing' | null
  removeReason: 'left' | 'removed' | 'declined' | 'expired' | 'organization_deleted' | null
  /** Inbound names use it instead of the source's namespace (C.1.4, 10). */
  inboundNamespace: string | null
  invitedBy: string
  invitedAt: string
  inviteExpiresAt: string | null
  acceptedBy: string | null
  acceptedAt: string | null
  pausedBy: string | null
  pausedAt: string | null
  removedBy: string | null
  removedAt: string | null
}

/** C.1.1. */
export interface FederationPush extends Stored {
  groupId: string
  sourceRegistrationId: string | null
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  schemaSnapshot: Record<string, unknown>
  schemaHash: string
  pushedBy: string
  pushedAt: string
  unpushedBy: string | null
  unpushedAt: string | null
  isActive: boolean
}

/** C.8, to one webhook. How far it has come is the engine's state. */
export interface Replay extends Stored {
  environment: Environment
  name: string | null
  kind: 'replay' | 'recover'
  webhookId: string
  /** By the time of recording; `to` exclusive. */
  from: string
  to: string
  /** Empty: what the webhook selects. */
  selectors: string[]
  /** Only what has no successful delivery to this webhook yet. */
  onlyFailed: boolean
  ratePerSecond: number
  /** What the plan leaves for it; null: unlimited. */
  matchedMax: number | null
  state: 'pending' | 'running' | 'paused' | 'cancelling' | 'cancelled' | 'completed' | 'failed'
  stateReason: string | null
  requestedBy: string
  startedAt: string | null
  endedAt: string | null
  /** As of `endedAt`; null while it runs. */
  progress: { matched: number; processed: number; succeeded: number; failed: number; skipped: number } | null
}

/** C.17: one principal of the broker. The password is never stored. */
export interface KafkaCredential extends Stored {
  name: string
  access: 'produce' | 'consume' | 'both'
  username: string
}

/** One for the installation, below the organization `-`. */
export interface SecretKeyRecord extends Stored {
  /** Fingerprints of the secret keys that anything sealed may depend on: one, and two while the key changes. */
  keyIds: string[]
}

export interface RecordsByKind {
  organization: Organization
  key: ApiKey
  registration: Registration
  webhook: Webhook
  'federation-group': FederationGroup
  'federation-member': FederationMember
  'federation-push': FederationPush
  'kafka-credential': KafkaCredential
  replay: Replay
  'secret-key': SecretKeyRecord
}
export type Kind = keyof RecordsByKind
export const KINDS = [
  'organization',
  'key',
  'registration',
  'webhook',
  'federation-group',
  'federation-member',
  'federation-push',
  'kafka-credential',
  'replay',
  'secret-key',
] as const satisfies readonly Kind[]
