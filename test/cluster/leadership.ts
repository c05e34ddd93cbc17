/** Moves leaders, replicas and coordinators of a cluster; each function resolves when every broker has seen the change. */
import { led, type OperatorCalls } from './operator-calls.ts'
import type { ClusterState, PartitionName } from './operator-requests.ts'
import * as requests from './operator-requests.ts'
import { coordinatorPartition, GROUPS_TOPIC, TRANSACTIONS_TOPIC } from './placement.ts'
import { until } from './until.ts'

export function createLeadership({ surely, everybodySees, partition }: OperatorCalls) {
  async function moveLeaders(partitions: readonly PartitionName[], n: number): Promise<void> {
    const names = [...new Set(partitions.map(({ topic }) => topic))]
    const inSync = (state: ClusterState) =>
      partitions.map(({ topic, partition }) => {
        const found = state.topics
          .find(each => each.topic === topic)
          ?.partitions.find(each => each.partition === partition)
        if (!found) throw new Error(`there is no ${topic}/${partition}`)
        return { topic, ...found }
      })
    const moving = await until(`node ${n} is in sync with ${names.join()}`, async () => {
      const found = inSync(await surely(requests.describeTopics(names)))
      return found.every(({ isr }) => isr.includes(n)) && found
    })
    await surely(
      requests.reassign(
        moving.map(each => ({ ...each, replicas: [n, ...each.replicas.filter(other => other !== n)] })),
      ),
    )
    await surely(requests.electPreferredLeaders(moving))
    await everybodySees(`node ${n} leads ${names.join()}`, names, state =>
      moving.every(each => led(state, each.topic, each.partition) === n),
    )
  }

  async function setReplicas(topic: string, number: number, replicas: number[]): Promise<void> {
    const stay = await until(`${topic}/${number} is led`, async () => {
      const now = await partition(topic, number)
      return now.leader >= 0 && now
    })
    if (String(stay.replicas) !== String(replicas))
      await surely(requests.reassign([{ topic, partition: number, replicas }]))
    await until(`${topic}/${number} is on ${replicas}`, async () => {
      const now = await partition(topic, number)
      return String(now.replicas) === String(replicas) && replicas.every(n => now.isr.includes(n))
    })
    await surely(requests.electPreferredLeaders([{ topic, partition: number }]))
    await everybodySees(
      `${replicas[0]} leads ${topic}/${number}`,
      [topic],
      state => led(state, topic, number) === replicas[0],
    )
  }

  /** Internal topics are made by the first question for a coordinator. */
  const coordinator = async (kind: 'group' | 'transaction', id: string): Promise<number> =>
    surely(requests.findCoordinator(kind, id))

  async function coordinatorOf(kind: 'group' | 'transaction', id: string): Promise<PartitionName> {
    await coordinator(kind, id)
    const topic = kind === 'group' ? GROUPS_TOPIC : TRANSACTIONS_TOPIC
    const count = await until(
      `${topic} is there`,
      async () => (await surely(requests.describeTopics([topic]))).topics[0]!.partitions.length || undefined,
    )
    return { topic, partition: coordinatorPartition(id, count) }
  }

  return { moveLeaders, setReplicas, coordinator, coordinatorOf }
}
