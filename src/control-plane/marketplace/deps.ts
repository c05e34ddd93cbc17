import type { Clock } from '../../clock.ts'
import type { Ids } from '../../model/ids.ts'
import type { Announce } from '../store/announce.ts'
import type { ControlStore } from '../store/store.ts'

/** Dependencies shared by listings and forks. */
export interface MarketplaceDeps {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
}
