/**
 * The control plane in memory, as of one offset of the topic `control`. Every role has one, and admission reads nothing
 * else.
 */

import type { ApiKey } from './api-keys.ts'
import type { FederationReading } from './federation-view.ts'
import type { MarketplaceReading } from './marketplace-view.ts'
import type { Organization } from './organizations.ts'
import type { Kind, RecordsByKind } from './records.ts'
import type { Registration } from './registrations.ts'
import type { Webhook } from './webhooks.ts'

/** All versions of one event name of one organization. Replaced, never changed, when a version changes. */
export interface RegisteredEvent {
  /** `<namespace>.<name>` */
  fullName: string
  versions: ReadonlyMap<string, Registration>
  /** Highest semver among the published versions (docs/specification/registry.md#statuses). */
  latestPublished: Registration | undefined
}

export interface ControlView {
  /** Offset of the newest control record applied; -1 before the first. */
  readonly appliedOffset: number
  /** Resolves when `appliedOffset` ≥ `offset`: true, or false after `timeoutMs`. */
  waitFor(offset: number, timeoutMs: number): Promise<boolean>
  find<K extends Kind>(kind: K, organizationId: string, id: string): RecordsByKind[K] | undefined
  /** All records of a kind of one organization, oldest first. */
  list<K extends Kind>(kind: K, organizationId: string): RecordsByKind[K][]
  organizations(): Iterable<Organization>
  organization(organizationId: string): Organization | undefined
  organizationBySlug(slug: string): Organization | undefined
  keyByHash(hash: string): ApiKey | undefined
  /** Of any organization. */
  keyById(id: string): ApiKey | undefined
  /** By `<namespace>.<name>`; the generic event is there for every organization. */
  event(organizationId: string, fullName: string): RegisteredEvent | undefined
  /** Webhooks of an organization, active or not, in a list whose identity changes when any of them changes. */
  webhooks(organizationId: string): readonly Webhook[]
  /** Groups, members and pushes by their own ids, across organizations. `generation` grows with each change of them. */
  readonly federation: FederationReading & { readonly generation: number }
  /** Listings and forks by their own ids, across organizations. */
  readonly marketplace: MarketplaceReading
  /** Calls `listener` after each applied record, until the returned function is called. */
  onChange(listener: (kind: Kind, organizationId: string, id: string) => void): () => void
}
