/** Topics as they must be: the settings of a new one, and what is wrong with one that exists. */
import { SHARED_TOPICS } from '../../../topics/index.ts'
import { configOf, type Topic, type TopicSettings } from '../../../topics/topic.ts'
import type { TopicInfo } from '../protocol/cluster.ts'
import { inSyncSettings } from './replicas.ts'
import type { TopicAdmin } from './topic-admin.ts'
import type { DescribedConfig, NewTopic } from './topic-requests.ts'

const UNCLEAN = 'unclean.leader.election.enable'
/** Settings that must not differ; the operator may tune the rest. */
const FIXED = ['cleanup.policy', 'message.timestamp.type']
const BATCH_BYTES = 'max.message.bytes'

export function newTopic(
  topic: string,
  settings: TopicSettings,
  options: { partitions: number; replicationFactor: number; defaults?: Readonly<Record<string, string>> },
): NewTopic {
  const { partitions, replicationFactor, defaults = {} } = options
  const own = Object.entries(configOf(settings)).filter(([name, value]) => defaults[name] !== value)
  return {
    topic,
    partitions,
    replicationFactor,
    settings: { ...Object.fromEntries(own), ...inSyncSettings(replicationFactor) },
  }
}

interface Expected {
  shards: number
  replicationFactor: number
}

export async function faultsOf(
  admin: TopicAdmin,
  ready: Map<string, TopicInfo>,
  expected: Expected,
): Promise<string[]> {
  const settings = await admin.settings([...ready.keys()], [...FIXED, BATCH_BYTES, UNCLEAN])
  return SHARED_TOPICS.flatMap(topic => {
    const faults = [
      ...settingFaults(topic, settings.get(topic.name), expected.replicationFactor),
      ...placeFaults(topic, ready.get(topic.name)!, expected),
    ]
    return faults.map(fault => `${topic.name}: ${fault}`)
  })
}

function settingFaults(
  topic: Topic,
  actual: DescribedConfig['settings'] | undefined,
  replicationFactor: number,
): string[] {
  const value = (name: string) => actual?.get(name)?.value
  const wanted = configOf(topic)
  const faults = FIXED.filter(name => value(name) !== wanted[name]).map(
    name => `${name} is ${value(name)}, must be ${wanted[name]}`,
  )
  if (Number(value(BATCH_BYTES)) < topic.maxMessageBytes)
    faults.push(`${BATCH_BYTES} is ${value(BATCH_BYTES)}, must be at least ${topic.maxMessageBytes}`)
  if (replicationFactor > 1 && value(UNCLEAN) === 'true')
    faults.push(
      `${UNCLEAN} is true, must be false: a replica that is behind could lead, and what it lacks would be lost`,
    )
  return faults
}

function placeFaults(topic: Topic, { partitions }: TopicInfo, { shards, replicationFactor }: Expected): string[] {
  const faults: string[] = []
  const wanted = expectedPartitions(topic, shards)
  if (partitions.length !== wanted) faults.push(`has ${partitions.length} partitions, must have ${wanted}`)
  const replicas = Math.min(...partitions.map(each => each.replicas.length))
  if (replicas < replicationFactor)
    faults.push(
      `has ${replicas} replicas, must have ${replicationFactor}: add replicas with kafka-reassign-partitions.sh, or set KAFKA_REPLICATION_FACTOR=${replicas}`,
    )
  return faults
}

export const expectedPartitions = (topic: Topic, shards: number) => (topic.partitions === 'one' ? 1 : shards)
