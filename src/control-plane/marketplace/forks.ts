/** Forks: a registration made from a listing, which remembers where it is from. */
import { ClarionError, CODES } from '../../model/codes.ts'
import type { Fork, Listing } from '../../model/marketplace.ts'
import type { Registration } from '../../model/registrations.ts'
import type { Registering } from '../registrations/registering.ts'
import type { Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { Decision } from '../store/store.ts'
import { requireRight, seeListing } from './access.ts'
import { ofFork } from './announcements.ts'
import type { MarketplaceDeps } from './deps.ts'

export interface NewFork {
  namespace: string
  name: string
  /** `1.0.0` by default. */
  version?: string
  /** `draft` by default. */
  status?: 'draft' | 'published'
  /** Absent: that of the listing. */
  description?: string | null
  acceptLicense?: boolean
}

export interface MadeFork {
  fork: Fork
  registration: Registration
}

export interface Forks {
  /**
   * Errors, the first that fails: `marketplace_fork_not_available`, `listing_not_found`, `cannot_fork_own_listing`,
   * `license_not_accepted`, then those of a registration. `idempotencyKey`: as of a registration.
   */
  fork(
    caller: Caller,
    organizationId: string,
    listingId: string,
    input: NewFork,
    idempotencyKey?: string,
  ): Promise<MadeFork>
}

/** As long as the description of a registration may be. */
const DESCRIPTION_CHARACTERS_MAX = 2_000

export function createForks(deps: MarketplaceDeps & { registering: Registering }): Forks {
  const { store, ids, clock, announce, registering } = deps

  return {
    fork(caller, organizationId, listingId, input, idempotencyKey) {
      const made = { fork: ids.next('mkf'), registration: ids.next('cer'), command: ids.next('chg') }
      return store.change(made.command, (current): Decision<MadeFork> => {
        const repeated = repeatOf(current, organizationId, listingId, input, idempotencyKey)
        if (repeated !== undefined) return { records: [], changes: [], result: repeated }
        requireRight(current, organizationId, 'marketplaceFork')
        const listing = forkable(current, organizationId, listingId, input)
        const { result: registration, ...decided } = registering.decide(
          {
            ...{ caller, organizationId, id: made.registration, commandId: made.command, idempotencyKey },
            input: registrationOf(listing, input),
          },
          current,
        )
        if (decided.refusal !== undefined) return { ...decided, result: undefined as never }
        const now = new Date(clock.nowMs()).toISOString()
        const fork = forkOf(made.fork, listing, registration, caller, input.acceptLicense === true, now)
        return {
          ...decided,
          records: [
            ...decided.records,
            { kind: 'fork', record: fork },
            // The publisher did not change it: its revision is as it was.
            { kind: 'listing', record: { ...listing, forkCount: listing.forkCount + 1 } },
          ],
          changes: [...decided.changes, announce(caller, ofFork(fork))],
          result: { fork, registration },
        }
      })
    },
  }
}

/** What the same call made before; another call with its key is a conflict. */
function repeatOf(
  current: DecisionView,
  organizationId: string,
  listingId: string,
  { namespace, name, version = '1.0.0' }: NewFork,
  idempotencyKey: string | undefined,
): MadeFork | undefined {
  if (idempotencyKey === undefined) return undefined
  const registration = current.list('registration', organizationId).find(each => each.idempotencyKey === idempotencyKey)
  if (registration === undefined) return undefined
  const fork = current.list('fork', organizationId).find(each => each.forkRegistrationId === registration.id)
  const isSame = registration.namespace === namespace && registration.name === name && registration.version === version
  if (fork?.listingId === listingId && isSame) return { fork, registration }
  throw new ClarionError('idempotency_key_conflict', 'The idempotency key was used to register something else.')
}

function forkable(current: DecisionView, organizationId: string, id: string, { acceptLicense }: NewFork): Listing {
  const listing = seeListing(current, organizationId, id)
  if (listing.organizationId === organizationId)
    throw new ClarionError('cannot_fork_own_listing', CODES.cannot_fork_own_listing.meaning)
  if (listing.license?.requiresAcceptance === true && acceptLicense !== true)
    throw new ClarionError('license_not_accepted', CODES.license_not_accepted.meaning)
  return listing
}

/** Schema and example as they were published. */
function registrationOf(listing: Listing, { namespace, name, version = '1.0.0', status, description }: NewFork) {
  const { payloadSchema, payloadExample } = listing
  return {
    ...{ namespace, name, version, payloadSchema },
    ...(payloadExample === null ? {} : { payloadExample }),
    ...(status === undefined ? {} : { status }),
    description: description === undefined ? descriptionOf(listing) : description,
  }
}

function descriptionOf({ description }: Listing): string | null {
  return description === '' ? null : [...description].slice(0, DESCRIPTION_CHARACTERS_MAX).join('')
}

function forkOf(
  id: string,
  listing: Listing,
  registration: Registration,
  { actorId }: Caller,
  isAccepted: boolean,
  now: string,
): Fork {
  const { namespace, name, version } = registration
  const accepted = isAccepted && listing.license !== null
  return {
    ...{ id, organizationId: registration.organizationId, revision: 1, createdAt: now, updatedAt: now },
    ...{ listingId: listing.id, forkRegistrationId: registration.id, forkCanonicalName: registration.canonicalName },
    ...{ namespace, name, version },
    ...{ sourceCanonicalName: listing.sourceCanonicalName, sourceSchemaHash: listing.schemaHash },
    licenseSnapshot: listing.license,
    ...{ licenseAcceptedBy: accepted ? actorId : null, licenseAcceptedAt: accepted ? now : null },
    ...{ forkedBy: actorId, forkedAt: now },
  }
}
