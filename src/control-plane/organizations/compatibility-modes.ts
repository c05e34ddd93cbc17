/** What minors must hold to, of an organization and of single events. A change judges no version again. */
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

export interface CompatibilityModes {
  /** Of one event, or of the organization. Errors: `not_found` for a name that was never registered. */
  of(organizationId: string, fullName: string | undefined): ModeInForce
  /** `mode` undefined: the event follows the organization again. Errors: `not_found`. */
  set(
    caller: Caller,
    organizationId: string,
    fullName: string | undefined,
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
  return {
    of(organizationId, fullName) {
      refuseUnknown(view, organizationId, fullName)
      return modeInForce(getOrganization(view, organizationId), fullName)
    },
    set: (caller, organizationId, fullName, mode) =>
      store.change(ids.next('chg'), (current): Decision<ModeInForce> => {
        refuseUnknown(current, organizationId, fullName)
        const before = getOrganization(current, organizationId)
        const compatibility = changed(before.compatibility ?? {}, fullName, mode)
        if (JSON.stringify(compatibility) === JSON.stringify(before.compatibility ?? {}))
          return { records: [], changes: [], result: modeInForce(before, fullName) }
        const after = revised(before, { compatibility }, clock.nowMs())
        return {
          records: [{ kind: 'organization', record: after }],
          changes: announcementsOf(before, after, 'ORGANIZATION_UPDATED').map(each => announce(caller, each)),
          result: modeInForce(after, fullName),
        }
      }),
  }
}

function refuseUnknown(view: Pick<ControlView, 'event'>, organizationId: string, fullName: string | undefined): void {
  if (fullName === undefined || (view.event(organizationId, fullName)?.versions.size ?? 0) > 0) return
  throw new ClarionError('not_found', `The event ${fullName.slice(0, 100)} has no version: register it first.`)
}

function changed(
  { mode: usual, names = {} }: Compatibility,
  fullName: string | undefined,
  mode: CompatibilityMode | undefined,
): Compatibility {
  if (fullName === undefined) return { ...(mode && { mode }), ...(Object.keys(names).length > 0 && { names }) }
  const { [fullName]: _former, ...others } = names
  const next = mode === undefined ? others : { ...others, [fullName]: mode }
  return { ...(usual && { mode: usual }), ...(Object.keys(next).length > 0 && { names: next }) }
}
