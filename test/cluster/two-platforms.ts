/** Two platforms of all roles on three brokers for the file that imports this, with organizations in four shards. */
import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import { patient } from '../support/patience.ts'
import type { Cluster } from './cluster.ts'
import { type Emitting, emitSurely, type Organization, verify } from './emitting.ts'
import { type Pair, startPair } from './pair.ts'
import { testCluster } from './test-cluster.ts'
import { within } from './until.ts'

/** A bound that separates work that waits for a dead or frozen broker from work that does not. */
const SOON_MS = 15_000

export let cluster: Cluster
export let pair: Pair
/** One in each of four shards. */
let byShard: Map<number, Organization>
export const org = (shard: number): Organization => byShard.get(shard)!

beforeAll(async () => {
  cluster = await testCluster()
  pair = await startPair(cluster)
  byShard = await pair.organizationsOf([0, 1, 2, 3])
}, 180_000)
afterAll(async () => {
  await pair?.close()
  await cluster?.close()
}, 60_000)

/** Undoes every fault of a test, also of a failed one: brokers run, replicas are in sync, both platforms run and serve. */
beforeEach(async () => {
  for (const n of [1, 2, 3]) if (cluster.state(n) === 'frozen') cluster.thaw(n)
  const away = [1, 2, 3].filter(n => cluster.state(n) === 'away')
  if (away.length > 0) await cluster.start(away)
  await cluster.healed()
  await within(30_000, 'the platforms are settled', pair.settled()).catch(startedAnew)
}, 120_000)

/** A platform that a test has left in a state from which it does not come back. */
async function startedAnew(): Promise<void> {
  for (const slot of pair.slots) {
    await slot.kill()
    await slot.start()
  }
  await pair.settled()
}

const kafka = () => ({
  brokers: cluster.brokers,
  username: cluster.username,
  password: cluster.password,
  clientId: 'test',
})
export const accepted = (organization: Organization, boundMs = SOON_MS) =>
  emitSurely(pair.bases(), organization, patient(boundMs))

export async function verified(organizations: readonly Organization[], loads: readonly Emitting[]) {
  const all = loads.flatMap(load => load.emits)
  return verify({ kafka: kafka(), cluster, organizations, emits: all, usageOf: pair.usageOf })
}
