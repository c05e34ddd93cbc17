/** Federation groups: an owner's list of peers and of the events that it shares with them. Archiving is final. */
import { ClarionError } from '../../model/codes.ts'
import type { FederationGroup } from '../../model/federation.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, Decision } from '../store/store.ts'
import { openGroup, ownGroup, requireActiveFederation, requireFederation } from './access.ts'
import type { FederationAnnouncements, FederationCaller } from './announcements.ts'
import type { FederationDeps } from './deps.ts'
import { checkLimit } from './limits.ts'
import { removed } from './membership.ts'
import { undeclared } from './pushes.ts'

export interface NewGroup {
  /** 3–80 characters after trimming. */
  name: string
  /** At most 500 characters. */
  description?: string | null
}

export interface Groups {
  /** Errors: `validation_failed`, `federation_group_name_taken`, `federation_limit_exceeded`. */
  create(caller: FederationCaller, organizationId: string, input: NewGroup): Promise<FederationGroup>
  patch(
    caller: FederationCaller,
    organizationId: string,
    id: string,
    patch: Partial<NewGroup>,
    revision?: number,
  ): Promise<FederationGroup>
  /** Ends its pushes and invitations; accepted members stay listed. Archiving again changes nothing. */
  archive(caller: FederationCaller, organizationId: string, id: string, revision?: number): Promise<FederationGroup>
}

export function createGroups(deps: FederationDeps): Groups {
  const { store, ids, clock, announcements } = deps

  return {
    create(caller, organizationId, input) {
      const id = ids.next('cefg')
      const name = checkedName(input.name)
      return store.change(ids.next('chg'), (current): Decision<FederationGroup> => {
        requireActiveFederation(current, organizationId)
        const others = current.list('federation-group', organizationId).filter(each => each.status !== 'archived')
        refuseTaken(others, name)
        checkLimit('groups', others.length)
        const now = new Date(clock.nowMs()).toISOString()
        const group: FederationGroup = {
          ...{
            id,
            organizationId,
            revision: 1,
            createdAt: now,
            updatedAt: now,
            name,
            description: input.description ?? null,
          },
          ...{ status: 'active', createdBy: caller.actorId, archivedAt: null },
        }
        return {
          records: [{ kind: 'federation-group', record: group }],
          changes: announcements.ofGroup(caller, 'GROUP_CREATED', undefined, group),
          result: group,
        }
      })
    },
    patch(caller, organizationId, id, patch, revision) {
      const fields: Partial<FederationGroup> = {
        ...(patch.name === undefined ? {} : { name: checkedName(patch.name) }),
        ...(patch.description === undefined ? {} : { description: patch.description }),
      }
      return store.change(ids.next('chg'), (current): Decision<FederationGroup> => {
        requireActiveFederation(current, organizationId)
        const before = openGroup(current, organizationId, id, clock.nowMs())
        checkRevision(before, revision)
        const others = current
          .list('federation-group', organizationId)
          .filter(each => each.status !== 'archived' && each.id !== id)
        if (fields.name !== undefined) refuseTaken(others, fields.name)
        const group = revised(before, fields, clock.nowMs())
        return {
          records: [{ kind: 'federation-group', record: group }],
          changes: announcements.ofGroup(caller, 'GROUP_UPDATED', before, group),
          result: group,
        }
      })
    },
    archive: (caller, organizationId, id, revision) =>
      store.change(ids.next('chg'), (current): Decision<FederationGroup> => {
        requireFederation(current, organizationId)
        const before = ownGroup(current, organizationId, id, clock.nowMs())
        if (before.status === 'archived') return { records: [], changes: [], result: before }
        checkRevision(before, revision)
        const { group, ...rest } = archivedGroup(announcements, caller, current, before, clock.nowMs())
        return { ...rest, result: group }
      }),
  }
}

/** The archived group, with the changes that end its pushes and invitations. */
export function archivedGroup(
  announcements: FederationAnnouncements,
  caller: FederationCaller,
  current: Pick<DecisionView, 'federation'>,
  before: FederationGroup,
  nowMs: number,
) {
  const act = { actorId: caller.actorId, nowMs }
  const now = new Date(nowMs).toISOString()
  const group = revised<FederationGroup>(before, { status: 'archived', archivedAt: now }, nowMs)
  const pending = current.federation.members(before.id).filter(each => each.status === 'pending')
  const withdrawn = pending.map(each => ({ each, after: removed(each, 'removed', act) }))
  const pushes = current.federation.pushes(before.id).filter(each => each.isActive)
  const ended = pushes.map(each => undeclared(each, act))
  const records: Change[] = [
    { kind: 'federation-group', record: group },
    ...withdrawn.map(({ after }): Change => ({ kind: 'federation-member', record: after })),
    ...ended.map((record): Change => ({ kind: 'federation-push', record })),
  ]
  const changes = [
    ...announcements.ofGroup(caller, 'GROUP_ARCHIVED', before, group),
    ...withdrawn.flatMap(({ each, after }) => announcements.ofMember(caller, 'REMOVED', each, after)),
    ...ended.flatMap(push => announcements.ofPush(caller, 'PUSH_UNDECLARED', push)),
  ]
  return { group, records, changes }
}

const NAME_CHARACTERS = { min: 3, max: 80 } as const

function checkedName(text: string): string {
  const name = text.trim()
  const { length } = [...name]
  if (length >= NAME_CHARACTERS.min && length <= NAME_CHARACTERS.max) return name
  const message = `must have ${NAME_CHARACTERS.min} to ${NAME_CHARACTERS.max} characters after trimming`
  const details = [{ path: '/name', rule: 'length', message }]
  throw new ClarionError('validation_failed', `The name ${message}.`, { details })
}

const folded = (name: string) => name.normalize('NFC').toLowerCase()

function refuseTaken(others: readonly FederationGroup[], name: string): void {
  if (!others.some(each => folded(each.name) === folded(name))) return
  throw new ClarionError('federation_group_name_taken', `You have a group named '${name}' already.`)
}
