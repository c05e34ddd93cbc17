/** Removes expired parts of a shard's state by the clock, a little at a time, also while there are no emits. */
import type { Clock, Timer } from '../../src/clock.ts'
import type { ShardHandle } from '../../src/kafka/ports.ts'
import type { Organization } from '../../src/model/organizations.ts'
import type { AdmissionState } from './admission-state.ts'
import type { DeferredEmits } from './deferred-emits.ts'
import { isForgotten } from './deleted-organizations.ts'
import type { Inputs } from './inputs.ts'
import { platformIdsOf } from './judge-platform.ts'
import type { WaitingRelays } from './waiting-relays.ts'

const EVERY_MS = 1_000

export interface Housekeeping {
  start(): void
  close(): void
}

export function createHousekeeping(deps: {
  clock: Clock
  handle: ShardHandle
  state: AdmissionState
  inputs: Inputs
  waiting: WaitingRelays
  deferred: DeferredEmits
}): Housekeeping {
  const { clock, handle, state, inputs, waiting, deferred } = deps
  let timer: Timer | undefined

  /** Organizations deleted for long enough leave the state, with tombstones in its changelog. */
  function forgetDeleted(): void {
    const nowMs = clock.nowMs()
    const isDue = (organization: Organization) =>
      isForgotten(organization, nowMs) && !waiting.isWaiting(organization.id) && deferred.forget(organization.id)
    let isWritten = false
    for (const { organization, partitions } of inputs.takeDeleted(isDue)) {
      state.forget(platformIdsOf(organization.id), [])
      isWritten = state.forget(organization.id, partitions) || isWritten
    }
    if (isWritten) handle.write([])
  }

  function keepHouse(): void {
    try {
      state.expire(clock.nowMs())
      deferred.letGo()
      forgetDeleted()
      timer = clock.after(EVERY_MS, keepHouse)
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  return { start: keepHouse, close: () => timer?.cancel() }
}
