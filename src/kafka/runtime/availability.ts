/**
 * Tracks the organizations' topics that are unavailable for writing. A shard checks before it reads an organization's
 * input, so that one missing log does not abort the transactions of all others.
 *
 *     available ──the map says so──► held ──a metadata answer──► available
 *         │                                                          ▲
 *         └──a transaction failed──► held ──a probe──► on trial ──one commit──┘
 *                                      ▲                  │
 *                                      └──it failed again─┘  (the pause before the next probe doubles)
 *
 * One topic is on trial at a time: a failed trial costs a transaction. None of this is stored; a new owner of the shard
 * finds out again.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { Unavailable, UnavailableReason } from '../ports.ts'
import type { ClusterMap, TopicInfo } from '../protocol/cluster.ts'
import type { FailedTopic } from '../write/commit-failed.ts'

const PROBE_PAUSE_MS = { first: 1_000, longest: 30_000 }
/** Shorter outages are not reported. */
const PAUSED_AFTER_MS = 2_000
/** Kafka's codes for a topic that a broker does not know. */
const UNTOLD: Readonly<Record<number, UnavailableReason>> = { 3: 'unknown_topic', 29: 'unauthorized' }

/** Commits without a record for it after which a trial gives way to the next one. */
const TRIAL_COMMITS_MAX = 10

export interface Availability {
  /** Undefined: its input may be read. */
  of(topic: string): Unavailable | undefined
  /** These failed in a transaction that is aborted. */
  failed(topics: readonly FailedTopic[]): void
  /** These were written to in a transaction that has committed. */
  committed(topics: Iterable<string>): void
  /** It is no longer written to. */
  /** Whether it has failed, or was found at fault, and is not available again; asking changes nothing. */
  isHeld(topic: string): boolean
  forget(topic: string): void
  /** All that are unavailable now. */
  unavailable(): Unavailable[]
  close(): void
}

interface Hold {
  topic: string
  reason: UnavailableReason
  sinceMs: number
  /** A transaction has failed on it: it is available again after one that succeeds. */
  hasFailed: boolean
  probes: number
  /** A probe found it in order. */
  isWell: boolean
  /** Commits since its trial began that had no record for it. */
  commits: number
  timer: Timer | undefined
  isPaused: boolean
}

export function createAvailability(deps: {
  clock: Clock
  cluster: ClusterMap
  /** `min.insync.replicas` of a topic with this many replicas. */
  minInSync(replicas: number): number
  /** Whether any input waits to be written to it: otherwise a trial would never end. */
  isAwaited(topic: string): boolean
  /** A topic has become paused, or is available again after that. */
  onChange(topic: string): void
  /** The input of a held topic may be read again. */
  onRelease(topic: string): void
}): Availability {
  const { clock, cluster, minInSync } = deps
  const holds = new Map<string, Hold>()
  /** The one whose input may be read although it has failed. */
  let trial: Hold | undefined
  let isClosed = false

  function faultOf(info: TopicInfo | undefined): UnavailableReason | undefined {
    if (info === undefined) return undefined
    if (info.errorCode !== 0) return UNTOLD[info.errorCode]
    for (const { leader, isr, replicas } of info.partitions) {
      if (leader < 0) return 'no_leader'
      // Without another replica there is no other leader to wait for.
      if (replicas.length > 1 && cluster.isSuspect(leader)) return 'unreachable'
      if (isr.length < minInSync(replicas.length)) return 'too_few_replicas'
    }
    return undefined
  }

  function hold(topic: string, reason: UnavailableReason, hasFailed: boolean): Hold {
    const sinceMs = clock.monotonicMs()
    const held: Hold = {
      topic,
      reason,
      sinceMs,
      hasFailed,
      probes: 0,
      isWell: false,
      commits: 0,
      timer: undefined,
      isPaused: false,
    }
    holds.set(topic, held)
    clock.after(PAUSED_AFTER_MS, () => {
      if (isClosed || holds.get(topic) !== held) return
      held.isPaused = true
      deps.onChange(topic)
    })
    // The state of the map may be out of date.
    if (hasFailed) probeLater(held)
    else probeAfter(held, 0)
    return held
  }

  /** A hold that has cost no transaction is checked every second. */
  function probeLater(held: Hold): void {
    const pauseMs = held.hasFailed
      ? Math.min(PROBE_PAUSE_MS.first * 2 ** held.probes++, PROBE_PAUSE_MS.longest)
      : PROBE_PAUSE_MS.first
    probeAfter(held, pauseMs)
  }

  function probeAfter(held: Hold, pauseMs: number): void {
    held.timer = clock.after(pauseMs, () => void probe(held))
  }

  async function probe(held: Hold): Promise<void> {
    const { topic } = held
    cluster.stale(topic)
    await cluster.load([topic]).catch(() => undefined)
    if (isClosed || holds.get(topic) !== held) return
    const info = cluster.known(topic)
    // A topic made anew under its name is the organization's log from now on: nothing else can replace it.
    const fault = info === undefined ? 'unreachable' : faultOf(info)
    if (fault !== undefined) {
      held.reason = fault
      probeLater(held)
    } else if (held.hasFailed) {
      held.isWell = true
      nextTrial()
    } else release(held)
  }

  function nextTrial(): void {
    if (trial) return
    for (const held of holds.values()) {
      if (!held.isWell) continue
      if (!deps.isAwaited(held.topic)) {
        release(held)
        continue
      }
      held.commits = 0
      trial = held
      deps.onRelease(held.topic)
      return
    }
  }

  /** Its inputs are rejected or repeated, commit after commit: other topics must not wait for its record. */
  function giveWay(held: Hold): void {
    trial = undefined
    holds.delete(held.topic)
    holds.set(held.topic, held)
    nextTrial()
  }

  function release(held: Hold): void {
    // On trial, so its input is read already.
    const isTaken = held === trial
    forget(held.topic)
    if (!isTaken) deps.onRelease(held.topic)
    if (held.isPaused) deps.onChange(held.topic)
  }

  function forget(topic: string): void {
    const held = holds.get(topic)
    if (!held) return
    held.timer?.cancel()
    holds.delete(topic)
    if (trial !== held) return
    trial = undefined
    nextTrial()
  }

  return {
    of(topic) {
      const held = holds.get(topic)
      if (held) return held === trial ? undefined : shown(held)
      const fault = faultOf(cluster.known(topic))
      return fault === undefined ? undefined : shown(hold(topic, fault, false))
    },
    failed(topics) {
      for (const { topic, type } of topics) {
        const held = holds.get(topic)
        if (!held) {
          hold(topic, REASONS[type] ?? 'failing', true)
          continue
        }
        // On trial, or waiting for its turn: no probe is needed.
        const isUnprobed = held.isWell
        held.hasFailed = true
        held.reason = REASONS[type] ?? 'failing'
        held.isWell = false
        if (trial === held) trial = undefined
        if (isUnprobed) probeLater(held)
      }
      nextTrial()
    },
    committed(topics) {
      if (!trial) return
      const tried = trial
      for (const topic of topics) {
        if (topic !== tried.topic) continue
        release(tried)
        return
      }
      // None of its waiting inputs led to a record for it.
      if (!deps.isAwaited(tried.topic)) release(tried)
      else if (++tried.commits >= TRIAL_COMMITS_MAX) giveWay(tried)
    },
    isHeld: topic => holds.has(topic),
    forget,
    unavailable: () => [...holds.values()].filter(held => held !== trial).map(shown),
    close() {
      isClosed = true
      for (const { timer } of holds.values()) timer?.cancel()
      holds.clear()
    },
  }
}

const shown = ({ topic, reason, sinceMs, isPaused }: Hold): Unavailable => ({ topic, reason, sinceMs, isPaused })

const REASONS: Readonly<Record<string, UnavailableReason>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown_topic',
  TOPIC_AUTHORIZATION_FAILED: 'unauthorized',
  NOT_ENOUGH_REPLICAS: 'too_few_replicas',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'too_few_replicas',
  REQUEST_TIMED_OUT: 'too_few_replicas',
  LEADER_NOT_AVAILABLE: 'no_leader',
  NOT_LEADER_OR_FOLLOWER: 'no_leader',
  CONNECTION: 'unreachable',
  REQUEST_TIMEOUT: 'unreachable',
}
