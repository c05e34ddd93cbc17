/** Where the versions of a name come from: the fork that began it, for ever. */
import type { ControlView } from '../../model/control-view.ts'
import type { Fork } from '../../model/marketplace.ts'
import type { Registration } from '../../model/registrations.ts'

type Reading = Pick<ControlView, 'organization' | 'marketplace' | 'list'>

export interface Provenance
  extends Pick<Fork, 'listingId' | 'sourceCanonicalName' | 'sourceSchemaHash' | 'forkedAt' | 'licenseSnapshot'> {
  forkId: string
  publisherDisplayName: string
  /** Whether the schema of this version is another than that of the source. */
  modified: boolean
}

/** The newest fork that came before the version, or the first one; undefined for a name that was never forked. */
export function provenanceOf(view: Reading, registration: Registration): Provenance | undefined {
  const { organizationId, namespace, name, schemaHash, createdAt } = registration
  const forks = view.list('fork', organizationId).filter(each => each.namespace === namespace && each.name === name)
  const fork = forks.findLast(each => each.forkedAt <= createdAt) ?? forks[0]
  if (fork === undefined) return undefined
  const { id: forkId, listingId, sourceCanonicalName, sourceSchemaHash, forkedAt, licenseSnapshot } = fork
  return {
    ...{ forkId, listingId, sourceCanonicalName, sourceSchemaHash, forkedAt, licenseSnapshot },
    publisherDisplayName: publisherNameOf(view, view.marketplace.listing(listingId)?.organizationId),
    modified: schemaHash !== sourceSchemaHash,
  }
}

/** Undefined: even what was left of it has been cleared. */
export function publisherNameOf(view: Pick<Reading, 'organization'>, organizationId: string | undefined): string {
  const publisher = organizationId === undefined ? undefined : view.organization(organizationId)
  return publisher === undefined || publisher.status === 'deleted' ? 'publisher no longer exists' : publisher.name
}
