/**
 * The records of the control plane: each is stored whole under the key `<kind>/<organization>/<id>` of the topic
 * `control`. Times are ISO 8601 strings in UTC. `revision` starts at 1 and grows by one with each change.
 */

import type { Finding } from './codes.ts'

export const PLANS = ['FREE', 'BASIC', 'PRO', 'ENTERPRISE'] as const
export type Plan = (typeof PLANS)[number]

export const ENVIRONMENTS = ['live', 'test'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

/** One environment of one organization. Emits and deliveries of one are invisible in the other. */
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
  'notifications:send',
  'notifications:manage',
] as const
export type Scope = (typeof SCOPES)[number]

interface Stored {
  id: string
  organizationId: string
  revision: number
  createdAt: string
  updatedAt: string
}

/** `id` = `organizationId`. See docs/specification/organizations.md#organization. */
export interface Organization extends Stored {
  slug: string
  name: string
  plan: Plan
  status: 'active' | 'suspended' | 'deleted'
  ownerEmail: string | null
  namespaceAllowlist: string[]
  /** Partitions of `emits.<org>` and `events.<org>`. */
  partitions: number
  /** Whether the topics of the test environment exist; the first test key creates them. */
  testEnvironment: boolean
  /**
   * A minor must be proved compatible without exception, so an optional property added to an open model is refused.
   * False if absent.
   */
  strictCompatibility?: boolean
  /** Lifecycle events that are written to the log whoever selects them, by environment; none if absent. */
  lifecycleNames?: Partial<Record<Environment, string[]>>
  /** Of a deleted organization: when its records and topics had all been removed. Absent before. */
  clearedAt?: string
}

/** An API key; the key itself is never stored, `hash` is its SHA-256 in hex. */
export interface ApiKey extends Stored {
  name: string
  environment: Environment
  scopes: Scope[]
  hash: string
  /** The first characters, by which a person recognises the key. */
  hint: string
  expiresAt: string | null
  /** Its organization has had the notice that it expires soon. Absent before. */
  isExpiryTold?: true
}

export type SchemaDialect = 'json-schema-2020-12' | 'openapi-3.1'

/** Immutable except for `status`, `description` and their times (docs/specification/registry.md#registration). */
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
  schemaFlavour: SchemaDialect
  semverBump: 'initial' | 'patch' | 'minor' | 'major'
  /** Id of the key that registered it, or `system`. */
  registeredBy: string
  publishedAt: string | null
  archivedAt: string | null
  /** The `Idempotency-Key` of the registering call: a repeated call with this key returns this registration. */
  idempotencyKey?: string
  /**
   * Changes from the version before that consumers should know of; absent if none. Paths are pointers into the request.
   */
  warnings?: Finding[]
}

/** See docs/specification/webhooks.md#settings. */
export interface Webhook extends Stored {
  environment: Environment
  name: string | null
  description: string | null
  url: string
  /** 1 to 100 selectors (docs/specification/events.md#selectors). */
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
  /** Only events that meet these conditions are delivered (docs/specification/events.md#conditions). */
  conditions: ConditionGroup | null
  /** The signatures on each request, at least one. */
  signatureProfiles: SignatureProfile[]
  wireFormat: WireFormat
  ordering: 'none' | 'block' | 'park'
  /** Own headers as a JSON object, sealed like the secret; their names are shown. */
  encryptedHeaders: string | null
  headerNames: string[]
  /** During a rotation the previous secret signs as well, until `previousSecretExpiresAt`. */
  previousEncryptedSecret: string | null
  previousSecretExpiresAt: string | null
  /** The observed state of the endpoint, independent of `active` (docs/specification/webhooks.md#health). */
  health: 'healthy' | 'failing' | 'disabled'
  failingSince: string | null
  autoDisableAfterDays: number | null
  /**
   * Of the events emitted while the webhook was paused, only those after this time are delivered (`activate {resume:
   * "latest"}`).
   */
  resumeAfter: string | null
  /**
   * Set on an external peer of a federation group. It is stored as a webhook so that the engine has one kind of
   * receiver, and hidden from webhook lists.
   */
  peer: { groupId: string } | null
}

export const SIGNATURE_PROFILES = ['standard', 'platforma', 'platphorm', 'event', 'relay', 'ed25519'] as const
export type SignatureProfile = (typeof SIGNATURE_PROFILES)[number]

export const WIRE_FORMATS = ['default', 'cloudevents', 'ctrlplane', 'platforma', 'platphorm'] as const
export type WireFormat = (typeof WIRE_FORMATS)[number]

/** Normalised conditions. Operands of `path` are dotted paths into the envelope, `payload.…` for the payload. */
export type ConditionGroup = { all: ConditionNode[] } | { any: ConditionNode[] }
export type ConditionNode =
  | ConditionGroup
  | { path: string; operator: string; value?: unknown; not?: boolean; coerce?: boolean }

/** See docs/specification/federation.md#groups. */
export interface FederationGroup extends Stored {
  name: string
  description: string | null
  status: 'active' | 'suspended' | 'archived'
  createdBy: string
  archivedAt: string | null
}

/** `organizationId` is the owner's. An external peer's settings are in the webhook with the same id. */
export interface FederationMember extends Stored {
  groupId: string
  peerType: 'tenant_org' | 'external_webhook'
  memberOrganizationId: string | null
  label: string | null
  status: 'pending' | 'accepted' | 'paused' | 'removed'
  pauseReason: 'owner' | 'member' | 'plan' | 'failing' | null
  removeReason: 'left' | 'removed' | 'declined' | 'expired' | 'organization_deleted' | null
  /** Replaces the source's namespace in inbound names (docs/specification/federation.md#inbound-events). */
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

/** See docs/specification/federation.md#pushes. */
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

/** What a caller may name as the target of a replay. `original`: everybody who matches the events now. */
export const REPLAY_TARGETS = [
  'webhook',
  'subscription',
  'sink',
  'federation_member',
  'queue',
  'workflow',
  'original',
] as const
export type ReplayTargetName = (typeof REPLAY_TARGETS)[number]
export type ReplayTargetKind = Exclude<ReplayTargetName, 'original'>

/** Figures of a replay, or of one of its targets. */
export interface ReplayProgress {
  matched: number
  processed: number
  succeeded: number
  failed: number
  skipped: number
  /** Events of the range that the log lost before the replay reached them. Absent: none. */
  expired?: number
}

/** One target of a replay. `progress`: as of its end; null while it runs. */
export interface ReplayTarget {
  kind: ReplayTargetKind
  id: string
  state: 'running' | 'completed' | 'cancelled' | 'failed'
  stateReason: string | null
  progress: ReplayProgress | null
}

/**
 * A replay of stored events to some targets. Its progress is part of the engine's state, not of this record. Earlier
 * releases wrote only the fields that are not optional, and `webhookId`; `targetsOf` reads both forms.
 */
export interface Replay extends Stored {
  environment: Environment
  name: string | null
  kind: 'replay' | 'recover'
  /** Of a replay to one webhook. */
  webhookId?: string
  /** By the time of recording; `to` exclusive. */
  from: string
  to: string
  /** The cursor given as the start, and its offsets by partition. */
  fromCursor?: string
  fromOffsets?: number[]
  /** Instead of a range: the events by their ids. */
  eventIds?: string[]
  /** Empty: the target's own selectors. */
  selectors: string[]
  subject?: string | null
  conditions?: ConditionGroup | null
  /** Only events without a successful delivery to this webhook. */
  onlyFailed: boolean
  ratePerSecond: number
  includeFederation?: boolean
  includeLifecycle?: boolean
  dryRun?: boolean
  /** Wait for inactive targets instead of skipping them. */
  force?: boolean
  /** The kind that the caller named. */
  targetKind?: ReplayTargetName
  targets?: ReplayTarget[]
  warnings?: string[]
  /** The most deliveries that the plan still allows; null: unlimited. */
  matchedMax: number | null
  state: 'pending' | 'running' | 'paused' | 'cancelling' | 'cancelled' | 'completed' | 'failed'
  stateReason: string | null
  requestedBy: string
  startedAt: string | null
  endedAt: string | null
  /** As of `endedAt`; null while it runs. */
  progress: ReplayProgress | null
}

export const CHANNEL_TYPES = ['email', 'slack_webhook', 'generic_webhook', 'in_app'] as const
export type ChannelType = (typeof CHANNEL_TYPES)[number]

export const BUILT_IN_CHANNELS = ['account-owner', 'in-app'] as const
export type BuiltInChannel = (typeof BUILT_IN_CHANNELS)[number]

/** When a channel takes critical notifications only, by the clock of a time zone. */
export interface QuietHours {
  /** `HH:MM`; a time before `from` is on the next day. */
  from: string
  to: string
  /** A name of the IANA database, such as Europe/Berlin. */
  timeZone: string
}

/** See docs/specification/notifications.md#channels. A built-in channel has a record only once it was changed. */
export interface NotificationChannel extends Stored {
  /** Unique in the organization. */
  name: string
  type: ChannelType
  builtIn: BuiltInChannel | null
  /** Of `email`; empty for `account-owner`, whose recipient is the organization's owner. */
  recipients: string[]
  /** Of `generic_webhook`. */
  url: string | null
  /** Of `slack_webhook`: its URL is a secret; `urlHint` is the part that is shown. */
  encryptedUrl: string | null
  urlHint: string | null
  /** Of `generic_webhook`; null: the notification itself as JSON. */
  template: string | null
  /** Own headers as a JSON object, sealed; their names are shown. */
  encryptedHeaders: string | null
  headerNames: string[]
  encryptedSecret: string | null
  /** During a rotation the previous secret signs as well, until `previousSecretExpiresAt`. */
  previousEncryptedSecret: string | null
  previousSecretExpiresAt: string | null
  minSeverity: 'info' | 'warning' | 'critical'
  rateLimit: { max: number; perMinutes: number }
  quietHours: QuietHours | null
  active: boolean
  /** Observed: five tries in a row have failed. */
  health: 'healthy' | 'failing'
  failingSince: string | null
}

/** One record of an organization: the channels (ids) of each kind of system notice; kinds that are absent have the default. */
export interface NotificationPreferences extends Stored {
  notices: Record<string, string[]>
}

/** One principal of the broker. The password is never stored. */
export interface KafkaCredential extends Stored {
  name: string
  access: 'produce' | 'consume' | 'both'
  username: string
}

/** One record per installation, under the organization `-`. */
export interface SecretKeyRecord extends Stored {
  /** Fingerprints of the secret keys that sealed values may depend on: one, or two during a key change. */
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
  'notification-channel': NotificationChannel
  'notification-preferences': NotificationPreferences
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
  'notification-channel',
  'notification-preferences',
  'secret-key',
] as const satisfies readonly Kind[]
