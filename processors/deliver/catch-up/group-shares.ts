/** The versions that a federation group shares now: all that its members, organizations and peers alike, may get. */
import type { ControlView } from '../../../src/model/control-view.ts'
import type { FederationPush } from '../../../src/model/federation.ts'
import type { OwnSelection } from '../../../src/replay/ways/owner.ts'

export interface GroupShares {
  /** The oldest active push of each version, by canonical name. */
  pushes: ReadonlyMap<string, FederationPush>
  selection: OwnSelection
}

/** Returns the same object until the federation changes: a selection is compiled once. */
export function createGroupShares(view: Pick<ControlView, 'federation'>): (groupId: string) => GroupShares {
  let known: { groupId: string; generation: number; shares: GroupShares } | undefined

  return groupId => {
    const { generation } = view.federation
    if (known?.groupId !== groupId || known.generation !== generation)
      known = { groupId, generation, shares: sharesOf(view, groupId) }
    return known.shares
  }
}

function sharesOf(view: Pick<ControlView, 'federation'>, groupId: string): GroupShares {
  const pushes = new Map<string, FederationPush>()
  for (const push of view.federation.pushes(groupId))
    if (push.isActive && !pushes.has(push.sourceCanonicalName)) pushes.set(push.sourceCanonicalName, push)
  return {
    pushes,
    selection: { selectors: [...pushes.keys()], conditions: null, ownEventsOnly: true, isFixed: true },
  }
}
