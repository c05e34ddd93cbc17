import type { Finding } from './codes.ts'
import type { Stored } from './stored.ts'

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
  warnings?: ReceiverFinding[]
}

/** Something that events are delivered to. */
export interface ReceiverOfEvents {
  kind: 'webhook' | 'queue' | 'workflow'
  id: string
  name: string | null
}

/** A finding that is about one receiver, if it has one. */
export interface ReceiverFinding extends Finding {
  receiver?: ReceiverOfEvents
}
