/** The webhooks and peers that would receive a version of an event: part of the answer to a dry run. */
import { createSelectorIndex, type Selectable } from '../../events/selector.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'

export interface Impact {
  /**
   * The environment's webhooks that select it; `selectors`: the matching ones. Conditions need a payload and are not
   * judged here.
   */
  webhooks: Array<{ id: string; name: string | null; url: string; active: boolean; selectors: string[] }>
  /**
   * Accepted members of groups with a push of the name; a push shares one version, so only members with this version
   * have `receives`.
   */
  peers: Array<{ groupId: string; memberId: string; versions: string[]; receives: boolean }>
}

export function impactOf(
  view: Pick<ControlView, 'webhooks' | 'list' | 'federation'>,
  owner: { organizationId: string; environment: Environment },
  event: { namespace: string; name: string; version: string; canonicalName: string },
): Impact {
  const { namespace, name, canonicalName } = event
  const selectable: Selectable = { type: `${namespace}.${name}`, canonicalName, kind: null }
  const webhooks = view
    .webhooks(owner.organizationId)
    .filter(webhook => webhook.environment === owner.environment && webhook.peer === null)
    .map(({ id, name, url, active, events }) => ({
      id,
      name,
      url,
      active,
      selectors: events.filter(each => selects(each, selectable)),
    }))
    .filter(({ selectors }) => selectors.length > 0)
  return { webhooks, peers: owner.environment === 'live' ? peersOf(view, owner.organizationId, event) : [] }
}

const selects = (selector: string, event: Selectable) =>
  createSelectorIndex([{ selectors: [selector], value: true }]).match(event).length > 0

function peersOf(
  { list, federation }: Pick<ControlView, 'list' | 'federation'>,
  organizationId: string,
  event: { namespace: string; name: string; version: string },
): Impact['peers'] {
  const pushes = list('federation-push', organizationId).filter(
    push => push.isActive && push.namespace === event.namespace && push.name === event.name,
  )
  if (pushes.length === 0) return []
  return [...Map.groupBy(pushes, push => push.groupId)].flatMap(([groupId, pushed]) => {
    const versions = [...new Set(pushed.map(push => push.version))]
    const receives = versions.includes(event.version) && federation.group(groupId)?.status === 'active'
    const members = federation.members(groupId).filter(member => member.status === 'accepted')
    return members.map(({ id }) => ({ groupId, memberId: id, versions, receives }))
  })
}
