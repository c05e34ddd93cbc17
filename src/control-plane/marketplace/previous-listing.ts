/** The listing that a new one follows. */
import { compare } from 'semver'
import { finding } from '../../json/json-text.ts'
import { ClarionError, CODES } from '../../model/codes.ts'
import type { Registration } from '../../model/registrations.ts'
import type { DecisionView } from '../store/overlay.ts'

/** Throws `listing_not_found` for a listing that is not the publisher's, `validation_failed` for one of another name. */
export function previousOf(
  current: Pick<DecisionView, 'list'>,
  { organizationId, namespace, name, version }: Registration,
  given: string | null | undefined,
): string | null {
  if (given === null) return null
  const own = current.list('listing', organizationId)
  if (given !== undefined) {
    const named = own.find(each => each.id === given)
    const path = '/previousListingId'
    if (named === undefined)
      throw new ClarionError('listing_not_found', CODES.listing_not_found.meaning, {
        details: [finding(path, 'listing_not_found', 'is not a listing of your organization')],
      })
    if (named.namespace === namespace && named.name === name && compare(named.version, version) < 0) return named.id
    const message = `must be a listing of a lower version of ${namespace}.${name}`
    throw new ClarionError('validation_failed', `The previous listing ${message}.`, {
      details: [finding(path, 'previous_version', message)],
    })
  }
  const before = own.filter(
    each =>
      each.status === 'published' &&
      each.namespace === namespace &&
      each.name === name &&
      compare(each.version, version) < 0,
  )
  return before.sort((a, b) => compare(b.version, a.version))[0]?.id ?? null
}
