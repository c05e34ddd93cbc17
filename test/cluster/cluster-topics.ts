/** Topics, groups and settings of the cluster, read and changed as its operator does. */
import type { OperatorCalls } from './operator-calls.ts'
import type { ClusterState, GroupMember, NewTopic, PartitionState, TopicState } from './operator-requests.ts'
import * as requests from './operator-requests.ts'
import { alterConfigs, describeConfigs, type TopicConfig } from './operator-settings.ts'
import { until } from './until.ts'

export interface ClusterTopics {
  /** As the broker `n` sees it; by default one that serves. Topics that do not exist have an error code. */
  describe(topics: readonly string[] | 'all', n?: number): Promise<ClusterState>
  partition(topic: string, partition: number): Promise<PartitionState>
  /** Three replicas by default. A topic that is there already stays as it is. Resolves when its partitions have leaders that serve. */
  createTopic(topic: NewTopic): Promise<void>
  /** By hand, behind the platform's back. Resolves when no broker that serves knows the topic. */
  deleteTopic(topic: string): Promise<void>
  /** Everything of the partition below this offset goes, as retention would have it. */
  deleteRecords(topic: string, partition: number, before: number): Promise<void>
  /** State and members of a classic group, as its coordinator sees it. */
  describeGroup(group: string): Promise<{ state: string; members: GroupMember[] }>
  /** Changes these settings of a topic, and leaves its others alone. Resolves when every broker that serves knows. */
  alterConfigs(topic: string, settings: Readonly<Record<string, string>>): Promise<void>
  describeConfigs(topics: readonly string[]): Promise<Map<string, Record<string, TopicConfig>>>
  /** Resolves when all brokers that run are visible and all replicas on brokers that run are in sync and led. */
  healed(): Promise<void>
  /** The preferred replica of every partition leads it, where it is in sync. Resolves when it does. */
  preferredElection(): Promise<void>
}

const UNKNOWN_TOPIC = 3

export function createClusterTopics(
  { askAny, surely, everybodySees, partition }: OperatorCalls,
  deps: { serving(): number[]; away(): number[]; coordinator(kind: 'group', id: string): Promise<number> },
): ClusterTopics {
  return {
    describe: (topics, n) =>
      n === undefined ? surely(requests.describeTopics(topics)) : askAny(requests.describeTopics(topics), n),
    partition,
    async createTopic(topic) {
      await surely(requests.createTopics([topic]))
      await everybodySees(`${topic.topic} is led`, [topic.topic], ({ topics, brokers }) =>
        topics.every(
          ({ errorCode, partitions }) =>
            errorCode === 0 && partitions.length > 0 && partitions.every(({ leader }) => brokers.includes(leader)),
        ),
      )
    },
    async deleteTopic(topic) {
      await surely(requests.deleteTopics([topic]))
      await everybodySees(`${topic} is deleted`, [topic], ({ topics }) => topics[0]?.errorCode === UNKNOWN_TOPIC)
    },
    async deleteRecords(topic, number, before) {
      await until(`the records of ${topic}/${number} before ${before} are gone`, async () => {
        const { leader } = await partition(topic, number)
        return askAny(requests.deleteRecords(topic, number, before), leader).then(() => true, () => false) // biome-ignore format: one thought
      })
    },
    async describeGroup(group) {
      return askAny(requests.describeGroup(group), await deps.coordinator('group', group))
    },
    async alterConfigs(topic, settings) {
      await surely(alterConfigs(topic, settings))
      await until(`the settings of ${topic} hold on every broker`, async () => {
        const views = await Promise.all(deps.serving().map(n => askAny(describeConfigs([topic]), n)))
        return views.every(view =>
          Object.entries(settings).every(([name, value]) => view.get(topic)?.[name]?.value === value),
        )
      })
    },
    describeConfigs: topics => surely(describeConfigs(topics)),
    async healed() {
      const away = deps.away()
      await everybodySees('all replicas are in sync', 'all', ({ brokers, topics }) => {
        const isThere = deps.serving().every(n => brokers.includes(n))
        return isThere && all(topics, ({ replicas, isr, leader }) => (leader >= 0 || replicas.every(n => away.includes(n))) && replicas.every(n => away.includes(n) || isr.includes(n))) // biome-ignore format: one thought
      })
    },
    async preferredElection() {
      await surely(requests.electPreferredLeaders('all'))
      await everybodySees('preferred replicas lead', 'all', ({ topics }) =>
        all(topics, each => !each.isr.includes(each.replicas[0]!) || each.leader === each.replicas[0]),
      )
    },
  }
}

const all = (topics: TopicState[], holds: (partition: PartitionState) => boolean): boolean =>
  topics.every(({ partitions }) => partitions.every(holds))
