/** Listings and forks as callers see them: nothing of a fork is shown to the publisher, and no key id to others. */

import { isVisible } from '../../control-plane/marketplace/access.ts'
import { publisherNameOf } from '../../control-plane/marketplace/provenance.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Fork, Listing } from '../../model/marketplace.ts'

type Reading = Pick<ControlView, 'organization' | 'marketplace' | 'list'>

/** `to`: the organization that reads; undefined: the operator, who sees what the publisher does. */
export function createMarketplacePresenter(view: Reading) {
  function listing(found: Listing, to: string | undefined) {
    const { organizationId, payloadSchema: _schema, payloadExample: _example, archivedAt: _at, ...shown } = found
    const isOwn = organizationId === to
    const full = isOwn || to === undefined
    return {
      ...shown,
      publisherDisplayName: publisherNameOf(view, organizationId),
      isOwn,
      registrationId: full ? found.registrationId : null,
      publishedBy: full ? found.publishedBy : null,
      statusReason: full ? found.statusReason : null,
      takedownReason: full ? found.takedownReason : null,
    }
  }

  /** Other listings of the name by the same publisher, as far as the reader may see them. */
  function versionsOf({ id, organizationId, namespace, name }: Listing, to: string | undefined) {
    return view
      .list('listing', organizationId)
      .filter(each => each.id !== id && each.namespace === namespace && each.name === name)
      .filter(each => to === undefined || isVisible(each, to))
      .map(({ id, version, status, schemaHash, changelog, publishedAt }) => ({
        ...{ id, version, status, schemaHash, changelog, publishedAt },
      }))
      .toReversed()
  }

  return {
    listing,
    inFull: (found: Listing, to: string | undefined) => ({
      ...listing(found, to),
      publisherOrganizationId: found.organizationId,
      payloadSchema: found.payloadSchema,
      payloadExample: found.payloadExample,
      versions: versionsOf(found, to),
    }),
    fork({ organizationId, revision: _revision, createdAt: _made, updatedAt: _changed, ...shown }: Fork) {
      return {
        ...shown,
        forkOrganizationId: organizationId,
        publisherDisplayName: publisherNameOf(view, view.marketplace.listing(shown.listingId)?.organizationId),
      }
    },
  }
}
