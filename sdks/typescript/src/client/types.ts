/** Input and output types of the API (`GET /openapi.json` is complete). Times are ISO 8601 in UTC. */
import type { ErrorFacts, Finding } from './errors.ts'
import type { ForkedFrom } from './types-marketplace.ts'
import type { Delivery } from './types-webhooks.ts'

export type * from './types-domain.ts'
export type * from './types-federation.ts'
export type * from './types-marketplace.ts'
export type * from './types-notifications.ts'
export type * from './types-queues.ts'
export type * from './types-reading.ts'
export type * from './types-routes.ts'
export type * from './types-streams.ts'
export type * from './types-tables.ts'
export type * from './types-webhooks.ts'
export type * from './types-workflows.ts'

export type Json = Record<string, unknown>
export interface Paging {
  /** 1–100, default 20. */
  limit?: number
  cursor?: string
}
export interface Page<T> {
  data: T[]
  /** Null at the end. */
  nextCursor: string | null
}
export interface CallOptions {
  signal?: AbortSignal
  /** Refused with 412 `revision_conflict` unless the resource has this revision. */
  ifMatch?: number
}

export interface NewRegistration {
  namespace: string
  name: string
  version: string
  /** Default `draft`. */
  status?: 'draft' | 'published'
  description?: string
  payloadSchema: Json
  payloadExample?: unknown
  /** Of the OpenAPI document that the schema is from: `#/components/schemas/…` is resolved in it. */
  components?: { schemas?: Json; [more: string]: unknown }
}
export type RegistrationStatus = 'draft' | 'published' | 'archived'
export type SemverBump = 'initial' | 'patch' | 'minor' | 'major'
export type SchemaFlavour = 'json-schema-2020-12' | 'openapi-3.1'

export interface Registration {
  id: string
  organizationId: string
  revision: number
  namespace: string
  name: string
  version: string
  canonicalName: string
  status: RegistrationStatus
  description: string | null
  payloadSchema: Json
  payloadExample: unknown
  schemaHash: string
  schemaFlavour: SchemaFlavour
  semverBump: SemverBump
  registeredBy: string
  createdAt: string
  updatedAt: string
  publishedAt: string | null
  archivedAt: string | null
  /** Of a name that began as a fork. */
  forkedFrom?: ForkedFrom
}

export type TypesLanguage = 'typescript' | 'python' | 'go'
export interface GeneratedTypes {
  language: TypesLanguage
  /** Hash of the schema from which the code was generated; the code contains it too. */
  schemaHash: string
  code: string
}

/**
 * `backward`: what was valid stays valid. `forward`: what consumers rely on holds. `full`: both. `…_transitive`: against
 * every version of the major.
 */
export type CompatibilityMode =
  | 'full'
  | 'backward'
  | 'forward'
  | 'full_transitive'
  | 'backward_transitive'
  | 'forward_transitive'

/** `inherited`: nothing was set here. `contractPolicy`: what becomes of a minor that breaks a receiver's contract. */
export interface Compatibility {
  mode: CompatibilityMode
  inherited: boolean
  contractPolicy: 'warn' | 'refuse'
}

export interface DryRun {
  valid: boolean
  canonicalName: string | null
  semverBump: SemverBump | null
  schemaHash: string | null
  schemaFlavour: SchemaFlavour
  schemaDepth: number
  schemaPropertyCount: number
  /** Whether every payload of the version before is still valid; null without a version to compare with. */
  proof: boolean | null
  warnings: Finding[]
  /** Of a minor: the verdict under each mode; null otherwise. */
  modes: Record<CompatibilityMode, { valid: boolean; findings: Finding[] }> | null
  /** The receivers of this version. */
  impact: {
    webhooks: Json[]
    peers: Json[]
    contracts: Array<{ receiver: Json; holds: true | false | 'unknown'; path: string }>
  }
  /** With `history: true`: payloads of the last 30 days that it would have refused. */
  history?: { from: string; to: string; judged: number; refused: number; truncated: boolean; examples: Json[] } | null
  /** All findings, by the code that a registration would return. */
  findings: Array<{ code: string; message: string; details: Finding[] }>
}

interface EmitFields {
  /** `<namespace>.<name>`. */
  name: string
  /** Default: the highest published version. */
  version?: string
  /** 1–255 printable characters; by default the client generates one for its own retries. */
  idempotencyKey?: string
  /** Emits of one subject keep their order. */
  subject?: string
  /** RFC 3339, within 24 h of now. */
  time?: string
  correlationId?: string
  /** `x-event-chain` of the delivery that led to this emit. */
  chainToken?: string
}
/** `payloadJson`: the payload as JSON text, which is sent unchanged, so that `12.50` stays `12.50`. */
/** An `interface` fits as the payload, since it needs no index signature. */
export type EmitInput = EmitFields &
  ({ payload: object; payloadJson?: never } | { payloadJson: string; payload?: never })

export interface EmitOptions extends CallOptions {
  /** The constant beside generated types: from which schema they were made. */
  schemaHash?: string
  /** Called with the current version when it is another schema. */
  onSchemaDrift?(currentVersion: string): void
}

export interface BatchOptions extends CallOptions {
  /** The constants beside generated types, by the name of their event. */
  schemaHashes?: Readonly<Record<string, string>>
  /** Called for each event whose types are of another schema than the version that judges. */
  onSchemaDrift?(currentVersion: string, name: string): void
}

/** Judged: what every emit gets that does not wait for its verdict longer than two seconds. */
export interface JudgedEmit {
  emitId: string
  status: 'queued'
  verdict?: undefined
  eventId: string
  canonicalName: string
  sequence: number
  deduplicated: boolean
  quota: { used: number; limit: number | null }
  warnings?: string[]
}
/** Queued without a verdict yet, after two seconds under load. Poll `emits.get(emitId)`. */
export interface PendingEmit {
  emitId: string
  status: 'queued'
  verdict: 'pending'
  eventId?: undefined
  canonicalName?: undefined
  sequence?: undefined
  deduplicated?: undefined
  quota?: undefined
}
/** `verdict` tells them apart. */
export type EmitResult = JudgedEmit | PendingEmit

/** One item of a batch; `status` tells them apart. */
export type BatchResult = AcceptedInBatch | RefusedInBatch
export type AcceptedInBatch = { status: 202; error?: undefined } & (
  | Omit<JudgedEmit, 'status'>
  | Omit<PendingEmit, 'status'>
)
export interface RefusedInBatch {
  status: 400 | 401 | 402 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 502 | 503
  error: ErrorFacts
}

export type EmitState = 'REQUESTED' | 'RELAYED' | 'DELIVERED' | 'FAILED' | 'REJECTED' | 'DEDUPLICATED'
/** Further fields depend on the state. */
export interface Emit {
  id: string
  emitId: string
  status: EmitState
  organizationId: string
  environment: 'live' | 'test'
  recordedAt: string
  eventId?: string | null
  name?: string
  canonicalName?: string | null
  sequence?: number | null
  subject?: string | null
  verdict?: 'accepted' | 'duplicate' | 'rejected' | 'failed'
  code?: string | null
  message?: string | null
  findings?: Finding[] | null
  [field: string]: unknown
}

export interface Health {
  plan: 'FREE' | 'BASIC' | 'PRO' | 'ENTERPRISE'
  registrations: { used: number; limit: number | null }
  emits: { thisMonth: number; monthlyLimit: number | null }
  capabilities: {
    canRegister: boolean
    schemaVersioning: boolean
    marketplacePublish: boolean
    marketplaceFork: boolean
    federationPush: boolean
  }
  warnings: Array<{ meter: string; level: number; used: number; limit: number }>
  recentFailures: Array<{ id: string; canonicalName: string; errorMessage: string | null; createdAt: string }>
}

/** A meter in an hour or a day. */
export interface UsageBucket {
  start: string
  meter: string
  count: number
}

export interface History {
  id: string
  emit: Emit
  payload: unknown
  deliveries: Delivery[]
  attempts: Json[]
}

/** A rejected record of a Kafka producer, with the reason. */
export interface Quarantined {
  emitId: string
  code: string
  [field: string]: unknown
}

/** The corrections of a redrive: the payload (`payloadJson`: as JSON text, sent unchanged), the version. */
export interface Repair {
  payload?: object
  payloadJson?: string
  version?: string
}

export interface NewKafkaCredential {
  name: string
  access: 'produce' | 'consume' | 'both'
}
export interface KafkaCredential {
  id: string
  name: string
  access: 'produce' | 'consume' | 'both'
  username: string
  createdAt: string
  [field: string]: unknown
}
/** The only answer with the password, and with all settings of a Kafka client. */
export interface MadeKafkaCredential extends KafkaCredential {
  password: string
  bootstrapServers: string
  mechanism: string
  securityProtocol: string
  topics: { emits: string; events: string }
  groupPrefix: string
  transactionalIdPrefix: string
  /** In the notation of Java's clients. */
  clientProperties: Record<string, string>
  /** For clients based on librdkafka. */
  librdkafkaProperties: Record<string, string>
}
