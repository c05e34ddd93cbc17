/** Composes the writing side of federation. */
import type { Clock, Random } from '../../clock.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import type { CheckAddresses } from '../../delivery/check-addresses.ts'
import type { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { Announce } from '../store/announce.ts'
import type { ControlStore } from '../store/store.ts'
import { createFederationAnnouncements } from './announcements.ts'
import { createExternalPeers, type ExternalPeers } from './external-peers.ts'
import { createGroups, type Groups } from './groups.ts'
import { createMembers, type Members } from './members.ts'
import { createPushes, type Pushes } from './pushes.ts'
import { type Sweep, startInvitationSweep } from './sweep.ts'

export interface Federation {
  groups: Groups
  members: Members
  pushes: Pushes
  externalPeers: ExternalPeers
  /** Removes expired invitations until it is closed. */
  startSweep(): Sweep
}

export function createFederation(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  random: Random
  announce: Announce
  secrets: SecretBox
  checkUrl(url: string): ClarionError | undefined
  checkAddresses?: CheckAddresses
  /** Factor on the lifetime of invitations and on the overlap of secrets; 1 by default. */
  timeScale?: number
}): Federation {
  const shared = {
    ...deps,
    announcements: createFederationAnnouncements(deps.announce),
    timeScale: deps.timeScale ?? 1,
  }
  return {
    groups: createGroups(shared),
    members: createMembers(shared),
    pushes: createPushes(shared),
    externalPeers: createExternalPeers(shared),
    startSweep: () => startInvitationSweep(shared),
  }
}
