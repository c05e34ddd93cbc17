/**
 * The lifecycle events that an organization wants in its log although no webhook names them: for streams and pulls,
 * which come and go. One list per environment.
 */
import type { Clock } from '../../clock.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { LIFECYCLE_PATTERN } from '../../model/names.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import { revised } from '../store/revision.ts'
import type { ControlStore, Decision } from '../store/store.ts'
import { announcementsOf } from './organization-chain.ts'

export interface LifecycleNames {
  of(owner: Owner): readonly string[]
  /** Replaces the list. Errors: `invalid_event_selector` for a text that no lifecycle event can be called. */
  set(caller: Caller, owner: Owner, names: readonly string[]): Promise<readonly string[]>
}

const CHARACTERS_MAX = 100

export function createLifecycleNames(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
}): LifecycleNames {
  const { store, view, ids, clock, announce } = deps
  return {
    of: ({ organizationId, environment }) => view.organization(organizationId)?.lifecycleNames?.[environment] ?? [],
    async set(caller, { organizationId, environment }, names) {
      const wanted = [...new Set(checked(names))].sort()
      return store.change(ids.next('chg'), (current): Decision<readonly string[]> => {
        const before = getOrganization(current, organizationId)
        const listed = before.lifecycleNames?.[environment] ?? []
        if (JSON.stringify(listed) === JSON.stringify(wanted)) return { records: [], changes: [], result: wanted }
        const lifecycleNames = { ...before.lifecycleNames, [environment]: wanted }
        const after = revised(before, { lifecycleNames }, clock.nowMs())
        return {
          records: [{ kind: 'organization', record: after }],
          changes: announcementsOf(before, after, 'ORGANIZATION_UPDATED').map(each => announce(caller, each)),
          result: wanted,
        }
      })
    },
  }
}

function checked(names: readonly string[]): readonly string[] {
  const details: Finding[] = []
  for (const [index, name] of names.entries()) {
    if (name.length <= CHARACTERS_MAX && LIFECYCLE_PATTERN.test(name)) continue
    const message = `'${name.slice(0, CHARACTERS_MAX)}' is not the name of a lifecycle event, such as WEBHOOK_FAILING`
    details.push({ path: `/names/${index}`, rule: 'selector', message })
  }
  if (details.length > 0) throw new ClarionError('invalid_event_selector', `${details[0]!.message}.`, { details })
  return names
}
