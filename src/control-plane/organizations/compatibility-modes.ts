/** The modes that minors must hold to, of an organization and of single events. A change judges no version again. */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import { type Compatibility, type CompatibilityMode, type ModeInForce, modeInForce } from '../../model/compatibility.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import { revised } from '../store/revision.ts'
import type { ControlStore, Decision } from '../store/store.ts'
import { announcementsOf } from './organization-chain.ts'

export type OwnCompatibility = Pick<Compatibility, 'mode' | 'contractPolicy'>

export interface CompatibilityModes {
  /** Of one event, or of the organization. Errors: `not_found` for a name that was never registered. */
  of(organizationId: string, fullName: string | undefined): ModeInForce
  /** Of the organization; what is absent stays. */
  set(caller: Caller, organizationId: string, wanted: OwnCompatibility): Promise<ModeInForce>
  /** Of one event. `mode` undefined: it follows the organization again. Errors: `not_found`. */
  setFor(
    caller: Caller,
    organizationId: string,
    fullName: string,
    mode: CompatibilityMode | undefined,
  ): Promise<ModeInForce>
}

export function createCompatibilityModes(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
}): CompatibilityModes {
  const { store, view, ids, clock, announce } = deps
  const change = (
    caller: Caller,
    organizationId: string,
    fullName: string | undefined,
    decide: (before: Compatibility) => Compatibility,
  ) =>
    store.change(ids.next('chg'), (current): Decision<ModeInForce> => {
      refuseUnknown(current, organizationId, fullName)
      const before = getOrganization(current, organizationId)
      const compatibility = decide(before.compatibility ?? {})
      if (JSON.stringify(compatibility) === JSON.stringify(before.compatibility ?? {}))
        return { records: [], changes: [], result: modeInForce(before, fullName) }
      const after = revised(before, { compatibility }, clock.nowMs())
      return {
        records: [{ kind: 'organization', record: after }],
        changes: announcementsOf(before, after, 'ORGANIZATION_UPDATED').map(each => announce(caller, each)),
        result: modeInForce(after, fullName),
      }
    })
  return {
    of(organizationId, fullName) {
      refuseUnknown(view, organizationId, fullName)
      return modeInForce(getOrganization(view, organizationId), fullName)
    },
    set: (caller, organizationId, wanted) =>
      change(caller, organizationId, undefined, before => ({ ...before, ...wanted })),
    setFor: (caller, organizationId, fullName, mode) =>
      change(caller, organizationId, fullName, before => withName(before, fullName, mode)),
  }
}

function refuseUnknown(view: Pick<ControlView, 'event'>, organizationId: string, fullName: string | undefined): void {
  if (fullName === undefined || (view.event(organizationId, fullName)?.versions.size ?? 0) > 0) return
  throw new ClarionError('not_found', `The event ${fullName.slice(0, 100)} has no version: register it first.`)
}

function withName(
  { names = {}, ...own }: Compatibility,
  fullName: string,
  mode: CompatibilityMode | undefined,
): Compatibility {
  const { [fullName]: _former, ...others } = names
  const next = mode === undefined ? others : { ...others, [fullName]: mode }
  return { ...own, ...(Object.keys(next).length > 0 && { names: next }) }
}
