/** Pushes: one version of an event that a group's owner shares with it, with a snapshot of its schema. */
import { ClarionError } from '../../model/codes.ts'
import type { FederationGroup, FederationPush } from '../../model/federation.ts'
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import type { Registration } from '../../model/registrations.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { Decision } from '../store/store.ts'
import { openGroup, requireActiveFederation, requireFederation, seeGroup } from './access.ts'
import type { FederationCaller } from './announcements.ts'
import type { FederationDeps } from './deps.ts'
import { checkLimit, excessHistory } from './limits.ts'
import type { Act } from './membership.ts'
import { checkInboundNames } from './names.ts'

export interface Pushes {
  /**
   * Errors, the first that fails: `event_not_registered`, `cannot_push_generic_event`, `event_not_published`,
   * `push_already_declared`, `federation_limit_exceeded`, `federation_name_conflict` (a member has another schema under
   * the name).
   */
  declare(
    caller: FederationCaller,
    organizationId: string,
    groupId: string,
    registrationId: string,
  ): Promise<FederationPush>
  /** Nothing changes if it is undeclared already. */
  undeclare(caller: FederationCaller, organizationId: string, pushId: string): Promise<FederationPush>
}

export function createPushes({ store, ids, clock, announcements }: FederationDeps): Pushes {
  function declared(
    caller: FederationCaller,
    group: FederationGroup,
    registration: Registration,
    id: string,
  ): FederationPush {
    const {
      id: sourceRegistrationId,
      namespace,
      name,
      version,
      canonicalName,
      payloadSchema,
      schemaHash,
    } = registration
    const now = new Date(clock.nowMs()).toISOString()
    return {
      ...{
        id,
        organizationId: group.organizationId,
        revision: 1,
        createdAt: now,
        updatedAt: now,
        groupId: group.id,
        sourceRegistrationId,
      },
      ...{ namespace, name, version, sourceCanonicalName: canonicalName, schemaSnapshot: payloadSchema, schemaHash },
      ...{ pushedBy: caller.actorId, pushedAt: now, unpushedBy: null, unpushedAt: null, isActive: true },
    }
  }

  return {
    declare(caller, organizationId, groupId, registrationId) {
      const id = ids.next('cefp')
      return store.change(ids.next('chg'), (current): Decision<FederationPush> => {
        requireActiveFederation(current, organizationId)
        const group = openGroup(current, organizationId, groupId, clock.nowMs())
        const registration = shareable(current, organizationId, registrationId)
        const all = current.federation.pushes(groupId)
        const active = all.filter(each => each.isActive)
        if (active.some(each => each.sourceCanonicalName === registration.canonicalName))
          throw new ClarionError(
            'push_already_declared',
            `The group has an active push of ${registration.canonicalName}.`,
          )
        checkLimit('pushes', active.length)
        const push = declared(caller, group, registration, id)
        for (const member of current.federation.members(groupId))
          if (member.peerType === 'tenant_org' && (member.status === 'accepted' || member.status === 'paused'))
            checkInboundNames(current, member, [push])
        const over = all.filter(each => !each.isActive)
        return {
          records: [{ kind: 'federation-push', record: push }, ...excessHistory('federation-push', over)],
          changes: announcements.ofPush(caller, 'PUSH_DECLARED', push),
          result: push,
        }
      })
    },
    undeclare: (caller, organizationId, pushId) =>
      store.change(ids.next('chg'), (current): Decision<FederationPush> => {
        requireFederation(current, organizationId)
        const before = current.federation.push(pushId)
        const seen = before && visible(current, organizationId, before.groupId, clock.nowMs())
        if (before === undefined || seen === undefined)
          throw new ClarionError('federation_push_not_found', 'There is no such push.')
        if (seen.membership !== undefined)
          throw new ClarionError('not_group_owner', 'Only the owner of the group may undeclare a push.')
        if (!before.isActive) return { records: [], changes: [], result: before }
        const push = undeclared(before, { actorId: caller.actorId, nowMs: clock.nowMs() })
        return {
          records: [{ kind: 'federation-push', record: push }],
          changes: announcements.ofPush(caller, 'PUSH_UNDECLARED', push),
          result: push,
        }
      }),
  }
}

function visible(current: DecisionView, organizationId: string, groupId: string, nowMs: number) {
  try {
    return seeGroup(current, organizationId, groupId, nowMs)
  } catch {
    return undefined
  }
}

function shareable(current: DecisionView, organizationId: string, registrationId: string): Registration {
  const registration = current.find('registration', organizationId, registrationId)
  if (registration === undefined)
    throw new ClarionError('event_not_registered', 'There is no such registration in your organization.')
  if (`${registration.namespace}.${registration.name}` === GENERIC_FULL_NAME)
    throw new ClarionError(
      'cannot_push_generic_event',
      `${GENERIC_FULL_NAME} is every organization's own and cannot be shared.`,
    )
  if (registration.status !== 'published')
    throw new ClarionError(
      'event_not_published',
      `${registration.canonicalName} is ${registration.status}, not published.`,
    )
  return registration
}

export function undeclared(push: FederationPush, { actorId, nowMs }: Act): FederationPush {
  return revised(push, { isActive: false, unpushedBy: actorId, unpushedAt: new Date(nowMs).toISOString() }, nowMs)
}
