/** Forks whose source has a newer listing, with what has changed between the two. */
import { compare } from 'semver'
import type { Observation } from '../../model/drift.ts'
import type { Fork, Listing } from '../../model/marketplace.ts'
import { type SchemaChange, semverClassOf } from '../../registry/compatibility/semver-class.ts'
import type { DecisionView } from '../store/overlay.ts'

/** The newest fork of each name counts: a name that was forked again is up to date with that. */
export function forkUpstreams(current: DecisionView, organizationId: string): Observation[] {
  const newest = new Map<string, Fork>()
  for (const fork of current.list('fork', organizationId)) newest.set(`${fork.namespace}.${fork.name}`, fork)
  return [...newest.values()].flatMap(fork => upstreamOf(current, fork))
}

function upstreamOf(current: DecisionView, fork: Fork): Observation[] {
  const source = current.marketplace.listing(fork.listingId)
  const newer = source && newestAfter(current, source)
  if (source === undefined || newer === undefined) return []
  const { bump, changes } = semverClassOf(source, newer)
  return [
    {
      ...{ kind: 'fork_upstream', severity: 'info', entityType: 'fork', entityId: fork.id },
      canonicalName: fork.forkCanonicalName,
      message: `${newer.namespace}.${newer.name}, from which ${fork.namespace}.${fork.name} was forked, has the version ${newer.version}: ${MEANING[bump]}.`,
      expected: { listingId: source.id, version: source.version, schemaHash: source.schemaHash },
      actual: { listingId: newer.id, version: newer.version, schemaHash: newer.schemaHash, compatibility: bump },
      diff: [{ path: '', change: `upstream_version_available ${newer.version}` }, ...changes.map(asDiff)],
    },
  ]
}

const MEANING = {
  patch: 'only descriptions have changed',
  minor: 'it may follow as a minor',
  major: 'it can follow as a major only',
} as const

const asDiff = ({ path, rule }: SchemaChange) => ({ path, change: rule })

/** The highest published listing of the publisher that the chain of versions leads from to this one. */
function newestAfter(current: DecisionView, source: Listing): Listing | undefined {
  const after = current
    .list('listing', source.organizationId)
    .filter(each => each.status === 'published' && compare(each.version, source.version) > 0)
    .filter(each => follows(current, each, source))
  return after.sort((a, b) => compare(b.version, a.version))[0]
}

/** Each step leads to a lower version, so the chain ends. */
function follows(current: DecisionView, listing: Listing, source: Listing): boolean {
  for (let at: Listing | undefined = listing; at !== undefined; ) {
    if (at.previousListingId === source.id) return true
    at = at.previousListingId === null ? undefined : current.marketplace.listing(at.previousListingId)
  }
  return false
}
