/** What the API takes and answers (`GET /openapi.json` is the whole of it). Times are ISO 8601 in UTC. */
import type { ErrorFacts, Finding } from './errors.ts'
import type { Delivery } from './types-webhooks.ts'

export type * from './types-federation.ts'
export type * from './types-webhooks.ts'

export type Json = Record<string, unknown>
export interface Paging {
  /** 1–100, 20 unless said. */
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
  /** `draft` unless said. */
  status?: 'draft' | 'published'
  description?: string
  payloadSchema: Json
  payloadExample?: unknown
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
}

export type TypesLanguage = 'typescript' | 'python' | 'go'
export interface GeneratedTypes {
  language: TypesLanguage
  /** Of the schema that the code was made from; it stands in the code too. */
  schemaHash: string
  code: string
}

export interface DryRun {
  valid: boolean
  canonicalName: string | null
  semverBump: SemverBump | null
  schemaHash: string | null
  schemaFlavour: SchemaFlavour
  schemaDepth: number
  schemaPropertyCount: number
  /** Whether every payload of the version before is still allowed; null where there is none to compare with, or nothing to prove. */
  proof: boolean | null
  warnings: Finding[]
  /** Who would receive it. */
  impact: { webhooks: Json[]; peers: Json[] }
  /** Asked for by `history: true`: what it would have refused in the last 30 days. */
  history?: { from: string; to: string; judged: number; refused: number; truncated: boolean; examples: Json[] } | null
  /** Everything that is wrong, by the code that registering would answer. */
  findings: Array<{ code: string; message: string; details: Finding[] }>
}

interface EmitFields {
  /** `<namespace>.<name>`. */
  name: string
  /** The highest published one unless said. */
  version?: string
  /** 1–255 printable characters; the client makes one for its own retries if there is none. */
  idempotencyKey?: string
  /** Emits of one subject keep their order. */
  subject?: string
  /** RFC 3339, within 24 h of now. */
  time?: string
  correlationId?: string
  /** `x-event-chain` of the delivery that led to this emit. */
  chainToken?: string
}
/** `payloadJson`: the payload as JSON text that is passed on as it is, so that `12.50` stays `12.50`. */
export type EmitInput = EmitFields & ({ payload: Json; payloadJson?: never } | { payloadJson: string; payload?: never })

export interface EmitResult {
  emitId: string
  status: 'queued'
  /** Taken, and not judged yet: what follows is absent then. Ask `emits.get(emitId)`. */
  verdict?: 'pending'
  eventId?: string
  canonicalName?: string
  sequence?: number
  deduplicated?: boolean
  quota?: { used: number; limit: number | null }
}
/** One item of a batch. */
export type BatchResult =
  | (Omit<EmitResult, 'status'> & { status: 202; error?: never })
  | { status: number; error: ErrorFacts }

export type EmitState = 'REQUESTED' | 'RELAYED' | 'DELIVERED' | 'FAILED' | 'REJECTED' | 'DEDUPLICATED'
/** Other fields depend on how far the emit is. */
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
  recentFailures: Array<{ id: string; canonicalName: string; errorMessage: string | null; createdAt: string }>
}

export interface History {
  id: string
  emit: Emit
  payload: unknown
  deliveries: Delivery[]
  attempts: Json[]
}

/** A rejected record of a Kafka producer, kept with its reason. */
export interface Quarantined {
  emitId: string
  code: string
  [field: string]: unknown
}

/** What a redrive changes: the payload (`payloadJson`: as JSON text, passed on as it is), the version. */
export interface Repair {
  payload?: Json
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
/** The one answer that shows the password, and all that a Kafka client needs. */
export interface MadeKafkaCredential extends KafkaCredential {
  password: string
  bootstrapServers: string
  mechanism: string
  securityProtocol: string
  topics: { emits: string; events: string }
  groupPrefix: string
  transactionalIdPrefix: string
  /** Under the names of Java's clients. */
  clientProperties: Record<string, string>
  /** For what is built on librdkafka. */
  librdkafkaProperties: Record<string, string>
}
