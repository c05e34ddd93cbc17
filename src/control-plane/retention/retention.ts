/**
 * Retention of control-plane records, by the clock. Every api process runs it; a step taken by one is nothing to do for
 * the others, and a failed step is retried in the next round.
 */
import type { Clock, Random, Timer } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { TopicDeletion } from '../organizations/topic-deletion.ts'
import type { Announce } from '../store/announce.ts'
import type { ControlStore } from '../store/store.ts'
import { createClearing } from './clearing.ts'
import { createExpiredRecords } from './expired-records.ts'
import { createExpiringKeys } from './expiring-keys.ts'

const EVERY_MS = 60_000
const SHORTEST_MS = 250
/** Records that ended weeks ago are searched less often: the search reads all keys of all organizations. */
const EXPIRED_EVERY_ROUNDS = 60

export interface Retention {
  /** Runs until closed; closing resolves after the step under way. */
  start(): { close(): Promise<void> }
}

export function createRetention(deps: {
  store: ControlStore
  view: Pick<ControlView, 'organizations' | 'organization' | 'find' | 'list' | 'onChange'>
  provisioning: TopicDeletion
  ids: Ids
  clock: Clock
  random: Random
  announce: Announce
  logger?: Logger
  /** Factor on the time between rounds; 1 by default. */
  timeScale?: number
}): Retention {
  return { start: () => startRetention(deps) }
}

function startRetention(deps: Parameters<typeof createRetention>[0]): ReturnType<Retention['start']> {
  const { clock, random, timeScale = 1 } = deps
  const everyMs = Math.max(SHORTEST_MS, EVERY_MS * timeScale)
  const clearing = createClearing(deps)
  const expired = createExpiredRecords(deps)
  const expiring = createExpiringKeys(deps)
  let timer: Timer | undefined
  let closed = false
  let rounds = 0
  let working: Promise<void> = Promise.resolve()
  /** The last failure: the same one every minute is logged once. */
  let lastFailure = ''

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      lastFailure = ''
    } catch (error) {
      if (String(error) !== lastFailure)
        deps.logger?.warn(
          { error: String(error) },
          'what is left of deleted organizations could not be removed; it is tried again',
        )
      lastFailure = String(error)
    }
  }

  async function round(): Promise<void> {
    if (rounds++ % EXPIRED_EVERY_ROUNDS === 0) {
      await attempt(expired.removeDue)
      await attempt(expiring.tellDue)
    }
    await attempt(clearing.clearDue)
  }

  /** Jitter: processes that started together do not sweep together. */
  function arm(): void {
    if (closed) return
    timer = clock.after(everyMs * (0.75 + random.uniform() / 2), () => {
      working = round().then(arm)
    })
  }
  arm()

  return {
    async close() {
      closed = true
      timer?.cancel()
      clearing.close()
      expired.close()
      expiring.close()
      await working
    },
  }
}
