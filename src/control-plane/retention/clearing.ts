/**
 * Removes the rest of a deleted organization 15 minutes after its deletion, in steps that may each be repeated:
 *
 *     all other records, a page per transaction ──► topics of both environments ──► own record: cleared
 *
 * The organization's own record stays for ever, so that neither its id nor its slug can be given to another. Any
 * process may take a step: it decides on the newest state, so no tombstone is written twice, and deleting missing
 * topics is no error.
 */

import type { Clock } from '../../clock.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { Organization } from '../../model/organizations.ts'
import { KINDS, type Kind } from '../../model/records.ts'
import { isDeletedFor } from '../organizations/deleted-for.ts'
import type { TopicDeletion } from '../organizations/topic-deletion.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { Change, ControlStore } from '../store/store.ts'

/**
 * Later than admission forgets it (ten minutes), with a margin for clock skew: nothing is written to its topics any
 * more.
 */
export const CLEARED_AFTER_MS = 15 * 60_000
/** Records per transaction. */
export const PAGE_RECORDS = 500
/** Organizations whose topics one request deletes. */
const ORGANIZATIONS_AT_ONCE = 50
/** So many failures from the beginning on end the deletion of topics one by one. */
const SINGLE_FAILURES_MAX = 3

/** A kind that refers to another one is removed before it. */
const CLEARED_KINDS: readonly Kind[] = KINDS.filter(
  kind => kind !== 'organization' && kind !== 'secret-key',
).toReversed()

export interface Clearing {
  /** Clears everything due. Rejects when the control plane or the broker fails a step; the next call resumes there. */
  clearDue(): Promise<void>
  close(): void
}

export function createClearing(deps: {
  store: ControlStore
  view: Pick<ControlView, 'organizations' | 'organization' | 'find' | 'list' | 'onChange'>
  provisioning: TopicDeletion
  ids: Ids
  clock: Clock
}): Clearing {
  const { store, view, clock } = deps
  /** Deleted organizations that are not cleared yet. */
  const left = new Set<string>()
  let closed = false

  const isLeft = ({ status, clearedAt }: Organization): boolean => status === 'deleted' && clearedAt === undefined
  const isDue = (organization: Organization | undefined): organization is Organization =>
    organization !== undefined && isLeft(organization) && isDeletedFor(CLEARED_AFTER_MS, organization, clock.nowMs())

  function follow(organization: Organization): void {
    if (isLeft(organization)) left.add(organization.id)
    else left.delete(organization.id)
  }

  function removeRecords(page: Removal[]): Promise<void> {
    return store.change(deps.ids.next('chg'), current => ({
      records: page.filter(each => isDue(current.organization(each.remove.organizationId)) && isThere(current, each)),
      changes: [],
      result: undefined,
    }))
  }

  function mark(organizationIds: readonly string[]): Promise<void> {
    return store.change(deps.ids.next('chg'), current => {
      const cleared = organizationIds
        .map(id => current.organization(id))
        .filter(isDue)
        .filter(({ id }) => isEmpty(current, id))
      const clearedAt = new Date(clock.nowMs()).toISOString()
      const records = cleared.map((each): Change => ({ kind: 'organization', record: clearedRecord(each, clearedAt) }))
      return { records, changes: [], result: undefined }
    })
  }

  async function clearDue(): Promise<void> {
    const due = [...left].filter(id => isDue(view.organization(id)))
    for (const page of pagesOf(removalsOf(view, due))) {
      if (closed) return
      // Another process may have removed them meanwhile.
      if (page.some(each => isThere(view, each))) await removeRecords(page)
    }
    let failure: unknown
    for (let at = 0; at < due.length && !closed; at += ORGANIZATIONS_AT_ONCE) {
      const some = due.slice(at, at + ORGANIZATIONS_AT_ONCE).filter(id => isDue(view.organization(id)))
      if (some.length === 0) continue
      await clear(some).catch(error => {
        failure ??= error
      })
    }
    if (failure !== undefined) throw failure
  }

  async function clear(organizationIds: readonly string[]): Promise<void> {
    try {
      await deps.provisioning.deleteOrganizationTopics(organizationIds)
    } catch (error) {
      if (organizationIds.length === 1) throw error
      await clearOneByOne(organizationIds)
      return
    }
    await mark(organizationIds)
  }

  /** One organization whose topics cannot be deleted must not keep the others. */
  async function clearOneByOne(organizationIds: readonly string[]): Promise<void> {
    const failures: unknown[] = []
    for (const [index, id] of organizationIds.entries()) {
      // None can be deleted: the platform's user has no right to, for example.
      const isHopeless = failures.length === index && index >= SINGLE_FAILURES_MAX
      if (closed || isHopeless) break
      await clear([id]).catch(error => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }

  for (const organization of view.organizations()) follow(organization)
  const stop = view.onChange((kind, organizationId) => {
    const organization = kind === 'organization' ? view.organization(organizationId) : undefined
    if (organization) follow(organization)
  })
  return {
    clearDue,
    close() {
      closed = true
      stop()
    },
  }
}

/** Identifying fields stay; the owner's contact is wiped. */
const clearedRecord = (organization: Organization, clearedAt: string): Organization => ({
  ...organization,
  revision: organization.revision + 1,
  ownerEmail: null,
  clearedAt,
})

export type Removal = Extract<Change, { remove: unknown }>

function* removalsOf(view: Pick<ControlView, 'list'>, organizationIds: readonly string[]): Generator<Removal> {
  for (const organizationId of organizationIds)
    for (const kind of CLEARED_KINDS)
      for (const { id } of view.list(kind, organizationId)) yield { kind, remove: { organizationId, id } }
}

/** Lazy: later records may be removed before their page is made. */
export function* pagesOf<T>(all: Iterable<T>, size = PAGE_RECORDS): Generator<T[]> {
  let page: T[] = []
  for (const each of all) {
    if (page.push(each) < size) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

export const isThere = (current: Pick<DecisionView, 'find'>, { kind, remove }: Removal): boolean =>
  current.find(kind, remove.organizationId, remove.id) !== undefined

const isEmpty = (current: Pick<DecisionView, 'list'>, organizationId: string): boolean =>
  CLEARED_KINDS.every(kind => current.list(kind, organizationId).length === 0)
