/**
 * Partitions with waiting appends whose leader is unknown, or may have moved: looked up together, and retried after a
 * pause.
 */
import type { Clock } from '../../clock.ts'
import type { ClusterMap } from '../protocol/cluster.ts'
import { KafkaError } from '../protocol/wire.ts'
import type { Flow } from './flow.ts'
import { backOffMs, loadLeaders } from './send-batches.ts'

/** Changes of leader that a batch follows without a pause. */
const MOVES_MAX = 2

export interface Unsure {
  flow: Flow
  error: KafkaError
}

export interface LeaderSearch {
  /** Its leader is not known; `load` looks it up. */
  add(flow: Flow): void
  load(): void
  /** The broker `node` refused these: retried at once where another one leads by now, otherwise after a pause. */
  lookAgain(node: number, unsure: readonly Unsure[]): Promise<void>
}

export function createLeaderSearch(deps: {
  cluster: ClusterMap
  clock: Clock
  /** They may be sent now. */
  route(flows: readonly Flow[]): void
}): LeaderSearch {
  const { cluster, clock, route } = deps
  const unled = new Set<Flow>()
  let isLoading = false

  async function loadUnled(): Promise<void> {
    if (isLoading || unled.size === 0) return
    isLoading = true
    const asked = [...unled]
    await loadLeaders(cluster, asked)
    isLoading = false
    const found: Flow[] = []
    for (const flow of asked) {
      unled.delete(flow)
      if (cluster.leader(flow.topic, flow.partition) !== undefined) found.push(flow)
      else later(flow, new KafkaError('LEADER_NOT_AVAILABLE', `${flow.topic}/${flow.partition} has no leader now`))
    }
    route(found)
    void loadUnled()
  }

  function later(flow: Flow, error: KafkaError): void {
    flow.lastError = error
    flow.isPausing = true
    flow.tries++
    clock.after(backOffMs(flow.tries), () => {
      flow.isPausing = false
      route([flow])
    })
  }

  return {
    add: flow => void unled.add(flow),
    load: () => void loadUnled(),
    async lookAgain(node, unsure) {
      for (const { flow } of unsure) flow.isPausing = true
      await loadLeaders(
        cluster,
        unsure.map(({ flow }) => flow),
      )
      for (const { flow, error } of unsure) {
        const leader = cluster.leader(flow.topic, flow.partition)
        // Brokers that name each other as the leader do not get requests in turns without a pause.
        if (leader === undefined || leader.node === node || flow.tries > MOVES_MAX) later(flow, error)
        else {
          flow.tries++
          flow.isPausing = false
          route([flow])
        }
      }
    },
  }
}
