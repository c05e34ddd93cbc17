/**
 * The control plane as a command sees it: the committed records, overlaid with the changes of earlier commands of the
 * same batch, which commit together with its own or not at all.
 */

import type { ApiKey } from '../../model/api-keys.ts'
import type { ControlView, RegisteredEvent } from '../../model/control-view.ts'
import { type FederationReading, federationOver } from '../../model/federation-view.ts'
import { type MarketplaceReading, marketplaceOver } from '../../model/marketplace-view.ts'
import type { Organization } from '../../model/organizations.ts'
import type { Kind, RecordsByKind } from '../../model/records.ts'
import { registeredEvent } from './registered-event.ts'
import { byCreation, controlKey } from './view-store.ts'

/** The queries a command may make before it decides. */
export type DecisionView = Pick<
  ControlView,
  'find' | 'list' | 'organizations' | 'organization' | 'organizationBySlug' | 'keyByHash' | 'event' | 'webhooks'
> & { federation: FederationReading; marketplace: MarketplaceReading }

export interface Overlay extends DecisionView {
  put<K extends Kind>(kind: K, record: RecordsByKind[K]): void
  remove(kind: Kind, organizationId: string, id: string): void
}

export function createOverlay(base: DecisionView): Overlay {
  /** By key; null: removed. */
  const pending = new Map<string, RecordsByKind[Kind] | null>()
  const pendingOf = <K extends Kind>(kind: K, organizationId = '') => {
    const prefix = organizationId === '' ? `${kind}/` : `${kind}/${organizationId}/`
    return [...pending].filter(([key]) => key.startsWith(prefix)) as Array<[string, RecordsByKind[K] | null]>
  }

  const pendingById = <K extends Kind>(kind: K) =>
    pendingOf(kind).map(([key, record]): [string, RecordsByKind[K] | null] => [
      key.slice(key.lastIndexOf('/') + 1),
      record,
    ])

  function find<K extends Kind>(kind: K, organizationId: string, id: string): RecordsByKind[K] | undefined {
    const key = controlKey(kind, organizationId, id)
    if (!pending.has(key)) return base.find(kind, organizationId, id)
    return (pending.get(key) as RecordsByKind[K] | null) ?? undefined
  }
  function list<K extends Kind>(kind: K, organizationId: string): RecordsByKind[K][] {
    const changed = pendingOf(kind, organizationId)
    if (changed.length === 0) return base.list(kind, organizationId)
    const kept = base
      .list(kind, organizationId)
      .filter(record => !pending.has(controlKey(kind, organizationId, record.id)))
    return [...kept, ...present(changed)].sort(byCreation)
  }
  const organization = (organizationId: string) => find('organization', organizationId, organizationId)

  return {
    put: (kind, record) => void pending.set(controlKey(kind, record.organizationId, record.id), record),
    remove: (kind, organizationId, id) => void pending.set(controlKey(kind, organizationId, id), null),
    find,
    list,
    organization,
    federation: federationOver(base.federation, pendingById),
    marketplace: marketplaceOver(base.marketplace, pendingById),
    webhooks: organizationId => list('webhook', organizationId),
    *organizations(): Iterable<Organization> {
      for (const committed of base.organizations())
        if (!pending.has(controlKey('organization', committed.id, committed.id))) yield committed
      yield* present(pendingOf('organization'))
    },
    organizationBySlug(slug) {
      const committed = base.organizationBySlug(slug)
      const existing = committed && organization(committed.id)
      return existing?.slug === slug ? existing : present(pendingOf('organization')).find(each => each.slug === slug)
    },
    keyByHash(hash): ApiKey | undefined {
      const committed = base.keyByHash(hash)
      const existing = committed && find('key', committed.organizationId, committed.id)
      return existing ?? present(pendingOf('key')).find(each => each.hash === hash)
    },
    event(organizationId, fullName): RegisteredEvent | undefined {
      if (pendingOf('registration', organizationId).length === 0) return base.event(organizationId, fullName)
      const versions = list('registration', organizationId).filter(
        each => `${each.namespace}.${each.name}` === fullName,
      )
      return versions.length === 0 ? undefined : registeredEvent(fullName, versions)
    },
  }
}

const present = <T>(changed: Array<[string, T | null]>) =>
  changed.map(([, record]) => record).filter(record => record !== null)
