/**
 * Held webhooks: one probe at a time, thirty seconds after the last attempt, and twice as long after each failed one,
 * up to ten minutes (scaled).
 */
import type { Clock, Random } from '../../../src/clock.ts'
import type { Webhook } from '../../../src/model/records.ts'
import type { OwingShard } from './owing-shard.ts'
import { isFeeding, type Life } from './webhook-life.ts'

const PROBE_MS = { first: 30_000, longest: 600_000 }
const JITTER = 0.1
/** After catching up for this long an endpoint counts as healthy: a relapse begins with short pauses again. */
const WELL_AFTER_MS = 60_000

export interface Probing {
  /** Only probes from now on. */
  hold(life: Life, webhook: Webhook): void
  /** No attempts at all. */
  rest(life: Life): void
  /** After a restart: at the stored time. */
  arm(life: Life): void
  failed(life: Life): void
  /** The endpoint has changed. */
  probeNow(life: Life): void
}

export function createProbing(deps: {
  clock: Clock
  random: Pick<Random, 'uniform'>
  timeScale: number
  shard: Pick<OwingShard, 'unattempted'>
  flushOf(life: Life): void
  /** Deliveries that wait for a slot are owed from now on. */
  defer(life: Life, delivery: ReturnType<OwingShard['unattempted']>[number]): void
  guarded(work: () => void): void
}): Probing {
  const { clock } = deps
  const stepMs = (ms: number) => ms * deps.timeScale

  function rest(life: Life): void {
    life.range.window = 0
    life.isProbing = false
    life.probe?.cancel()
    life.probe = undefined
    life.feeder.rest()
  }

  function schedule(life: Life, inMs: number): void {
    const { range } = life
    range.nextProbeAtMs = Math.round(clock.nowMs() + inMs * (1 + JITTER * (deps.random.uniform() - 0.5)))
    range.touch()
    arm(life)
  }

  function arm(life: Life): void {
    life.probe?.cancel()
    life.probe = clock.after(Math.max(0, life.range.nextProbeAtMs - clock.nowMs()), () => {
      life.probe = undefined
      deps.guarded(() => probe(life))
    })
  }

  function probe(life: Life): void {
    const { range } = life
    if (range.cause !== 'held' || isFeeding(range)) return
    // Another delivery has just been attempted.
    const nextMs = life.lastAttemptAtMs + range.probeStepMs - clock.nowMs()
    if (life.lastAttemptAtMs > 0 && nextMs > 0) {
      schedule(life, nextMs)
      return
    }
    deps.flushOf(life)
    life.isProbing = true
    life.feeder.nudge()
    // No event yet, or it cannot be read now.
    schedule(life, range.probeStepMs)
  }

  return {
    rest,
    arm,
    hold(life, webhook) {
      const { range } = life
      const wasWell = isFeeding(range) && clock.nowMs() - life.feedingSinceMs >= stepMs(WELL_AFTER_MS)
      if (range.probeStepMs === 0 || wasWell) range.probeStepMs = stepMs(PROBE_MS.first)
      rest(life)
      life.successes = 0
      life.failures = 0
      schedule(life, range.probeStepMs)
      // Deliveries without an attempt are owed from now on; retries keep their schedule.
      for (const delivery of deps.shard.unattempted(webhook.id)) deps.defer(life, delivery)
    },
    failed(life) {
      const { range } = life
      if (!life.isProbing) return
      life.isProbing = false
      life.feeder.rest()
      range.probeStepMs = Math.min(range.probeStepMs * 2, stepMs(PROBE_MS.longest))
      schedule(life, range.probeStepMs)
    },
    probeNow(life) {
      life.range.probeStepMs = stepMs(PROBE_MS.first)
      life.lastAttemptAtMs = 0
      probe(life)
    },
  }
}
