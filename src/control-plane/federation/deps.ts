import type { Clock } from '../../clock.ts'
import type { Ids } from '../../model/ids.ts'
import type { ControlStore } from '../store/store.ts'
import type { FederationAnnouncements } from './announcements.ts'

/** Dependencies shared by groups, members, pushes and external peers. */
export interface FederationDeps {
  store: ControlStore
  ids: Ids
  clock: Clock
  announcements: FederationAnnouncements
}
