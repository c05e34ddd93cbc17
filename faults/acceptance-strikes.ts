/** Faults that an operator meets in the first month, one strike each, with its repair. */
import type { Clock } from '../src/clock.ts'
import { shardOf } from '../src/kafka/shards.ts'
import type { Cluster } from '../test/cluster/cluster.ts'
import type { Organization } from '../test/cluster/emitting.ts'
import { events } from '../topics/events.ts'
import type { Fleet } from './fleet.ts'

export const SHARDS = 8
/** The broker that is struck, and those that lead what the strike is to leave alone. */
export const VICTIM = 3
export const ELSEWHERE = [1, 2]
/** Longer than a lease, so that another takes over before the process is back. */
export const RESTART_PAUSE_MS = 15_000

export interface Stage {
  cluster: Cluster
  fleet: Fleet
  clock: Clock
  /** Led by the victim, and elsewhere. */
  victims: Organization[]
  elsewhere: Organization[]
}

export interface Strike {
  name: string
  /** Whether "led elsewhere" means something. */
  hasElsewhere?: boolean
  /** Brokers are missing for a while: the time from their return counts. */
  countsFromLeaders?: boolean
  /** How long p50 is watched after it; 15 s by default. */
  afterMs?: number
  /** Before the load, when all is placed. */
  prepare?(stage: Stage): Promise<void>
  /** Breaks something and repairs it; resolves when it is repaired. */
  run(stage: Stage): Promise<void>
}

export const STRIKES: Strike[] = [
  ...[VICTIM, ELSEWHERE[0]!].map(
    (n, at): Strike => ({
      name: at === 0 ? 'kill-broker' : 'kill-coordinator',
      hasElsewhere: at === 0,
      async run({ cluster, clock }) {
        await cluster.kill(n)
        await clock.sleep(25_000)
        await cluster.start(n)
      },
    }),
  ),
  {
    name: 'kill-process',
    async run({ fleet, clock }) {
      fleet.slots[0]!.kill('SIGKILL')
      await clock.sleep(RESTART_PAUSE_MS + 5_000)
      await fleet.ready()
    },
  },
  {
    name: 'rolling-restart',
    async run({ cluster }) {
      for (const n of [1, 2, 3]) {
        await cluster.stop(n)
        await cluster.start(n)
        await cluster.healed()
      }
    },
  },
  {
    name: 'leader-moved',
    afterMs: 60_000,
    async run({ cluster, victims, elsewhere }) {
      const logs = [...victims, ...elsewhere].map(({ id }) => ({ topic: events.nameFor(id, 'live'), partition: 0 }))
      await cluster.moveLeaders(logs, 2)
      await cluster.placeShard('admit', shardOf(victims[0]!.id, SHARDS), 1, [victims[0]!.id])
    },
  },
  {
    name: 'preferred-election',
    afterMs: 60_000,
    // A controlled restart moves leaders off their preferred replicas.
    async prepare({ cluster }) {
      await cluster.stop(VICTIM)
      await cluster.start(VICTIM)
      await cluster.healed()
    },
    run: ({ cluster }) => cluster.preferredElection(),
  },
  ...[20_000, 60_000].map(
    (ms): Strike => ({
      name: `quorum-away-${ms / 1_000}`,
      countsFromLeaders: true,
      async run({ cluster, clock }) {
        await cluster.kill(1, 2)
        await clock.sleep(ms)
        await cluster.start([1, 2])
      },
    }),
  ),
  ...[40_000, 100_000].map(
    (ms): Strike => ({
      name: `freeze-${ms / 1_000}`,
      hasElsewhere: true,
      async run({ cluster, clock }) {
        cluster.freeze(VICTIM)
        await clock.sleep(ms)
        cluster.thaw(VICTIM)
      },
    }),
  ),
  {
    name: 'stranger-leaderless',
    hasElsewhere: true,
    async run({ cluster, clock }) {
      const remove = await cluster.leaderlessTopic('stranger')
      await clock.sleep(30_000)
      await remove()
    },
  },
  {
    name: 'isr-below-minimum',
    hasElsewhere: true,
    async run({ cluster, clock, victims }) {
      const restore = await cluster.shrinkIsr([{ topic: events.nameFor(victims[0]!.id, 'live'), partition: 0 }])
      await clock.sleep(30_000)
      await restore()
    },
  },
  {
    name: 'log-deleted',
    hasElsewhere: true,
    async run({ cluster, clock, victims }) {
      // An organization of its own: its log is gone for good.
      const topic = events.nameFor(victims.at(-1)!.id, 'live')
      await cluster.deleteTopic(topic)
      await clock.sleep(30_000)
      await cluster.createTopic({ topic, partitions: 1 })
    },
  },
]

export const STRIKE_NAMES = STRIKES.map(({ name }) => name)
