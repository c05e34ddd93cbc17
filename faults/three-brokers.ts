/**
 * A cluster of three brokers, three replicas of everything: what an operator does to it, and what happens to it. After each strike all replicas are in
 * sync again before the next one on a broker: two disks at once would be a loss that no program can prevent.
 */
import { join } from 'node:path'
import type { Clock } from '../src/clock.ts'
import type { ProgressLogger } from '../src/embedded/part-directory.ts'
import { cacheDirectory } from '../src/settings/config.ts'
import { startCluster } from '../test/cluster/cluster.ts'
import type { Brokers } from './brokers.ts'
import type { Chance } from './chance.ts'
import { AWAY_MS, type Fault } from './schedule.ts'

/** The default of an untuned cluster: a dead broker keeps its partitions for so long. */
const SESSION_TIMEOUT_MS = 9_000
/** Within and beyond what a request, a session and the controller wait. */
const FROZEN_MS = { from: 2_000, to: 40_000 }
const SHRUNK_MS = { from: 2_000, to: 12_000 }
const QUORUM_AWAY_MS = { from: 1_000, to: 20_000 }
const NODES = [1, 2, 3]
/** Of all partitions, those that one strike moves. */
const MOVED_SHARE = 0.3

export async function startThreeBrokers(deps: {
  dataDir: string
  clock: Clock
  logger: ProgressLogger
}): Promise<Brokers> {
  const { clock } = deps
  const directory = join(deps.dataDir, 'kafka')
  const cluster = await startCluster({
    directory,
    cacheDir: cacheDirectory(),
    logger: deps.logger,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
  })
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  const pick = (chance: Chance, range: { from: number; to: number }): number => chance.between(range.from, range.to)

  function fault(kind: string, weight: number, strike: (chance: Chance) => Promise<string>): Fault {
    return {
      kind,
      weight,
      breaks: 'broker',
      async strike(chance) {
        const what = await strike(chance)
        await cluster.healed()
        return what
      },
    }
  }

  async function moveSome(chance: Chance): Promise<string> {
    const n = chance.pick(NODES)
    const { topics } = await cluster.describe('all')
    const moving = topics
      .flatMap(({ topic, partitions }) => partitions.map(each => ({ topic, ...each })))
      .filter(({ leader, replicas }) => leader !== n && replicas.includes(n) && chance.happens(MOVED_SHARE))
    if (moving.length > 0) await cluster.moveLeaders(moving, n)
    return `${moving.length} leaders are moved to broker ${n}`
  }

  return {
    cluster,
    connection: () => cluster,
    env: { KAFKA_REPLICATION_FACTOR: '3' },
    faults: ({ logOf }) => [
      fault('broker-kill', 2, async chance => {
        const n = chance.pick(NODES)
        await cluster.kill(n)
        await cluster.start(n)
        return `kill -9 of broker ${n}`
      }),
      fault('broker-restart', 1, async chance => {
        const n = chance.pick(NODES)
        await cluster.stop(n)
        await cluster.start(n)
        return `broker ${n} is stopped and started`
      }),
      fault('broker-rolling', 1, async () => {
        for (const n of NODES) {
          await cluster.stop(n)
          await cluster.start(n)
          await cluster.healed()
        }
        return 'all brokers are stopped and started, one after the other'
      }),
      fault('broker-away', 1, async chance => {
        const [n, ms] = [chance.pick(NODES), pick(chance, AWAY_MS)]
        await cluster.kill(n)
        await clock.sleep(ms)
        await cluster.start(n)
        return `broker ${n} is away for ${seconds(ms)}`
      }),
      fault('quorum-away', 1, async chance => {
        const [left, ms] = [chance.pick(NODES), pick(chance, QUORUM_AWAY_MS)]
        const gone = NODES.filter(n => n !== left)
        await cluster.kill(...gone)
        await clock.sleep(ms)
        await cluster.start(gone)
        return `all brokers but ${left} are away for ${seconds(ms)}`
      }),
      fault('broker-freeze', 2, async chance => {
        const [n, ms] = [chance.pick(NODES), pick(chance, FROZEN_MS)]
        cluster.freeze(n)
        await clock.sleep(ms)
        cluster.thaw(n)
        return `SIGSTOP of broker ${n} for ${seconds(ms)}`
      }),
      fault('leaders', 2, moveSome),
      fault('preferred', 1, async () => {
        await cluster.preferredElection()
        return 'preferred replicas are elected'
      }),
      fault('isr', 1, async chance => {
        const [topic, ms] = [logOf(() => chance.next()), pick(chance, SHRUNK_MS)]
        const restore = await cluster.shrinkIsr([{ topic, partition: 0 }])
        await clock.sleep(ms)
        await restore()
        return `the in-sync set of ${topic} is below its minimum for ${seconds(ms)}`
      }),
      fault('disk-wiped', 1, async chance => {
        const n = chance.pick(NODES)
        await cluster.kill(n)
        cluster.wipe(n)
        await cluster.start(n)
        return `broker ${n} loses its disk`
      }),
    ],
    close: () => cluster.close(),
  }
}
