/** Creates and changes topics. Every error has the broker's message and advice. */
import type { Clock } from '../../clock.ts'
import type { TopicInfo } from '../protocol/cluster.ts'
import { KafkaError, type Wire, type WireRequest } from '../protocol/wire.ts'
import { explained } from './advice.ts'
import {
  alterTopicConfigsRequest,
  createPartitionsRequest,
  createTopicsRequest,
  type DescribedConfig,
  deleteTopicsRequest,
  describeConfigsRequest,
  type NewTopic,
  type TopicResult,
} from './topic-requests.ts'

export interface TopicAdmin {
  /** An existing topic stays as it is. */
  create(topics: readonly NewTopic[]): Promise<void>
  /** A missing topic is no error. */
  remove(topics: readonly string[]): Promise<void>
  /** Adds partitions up to this number. */
  grow(topic: string, count: number): Promise<void>
  /** Only these settings, by topic. */
  settings(topics: readonly string[], keys: readonly string[]): Promise<Map<string, DescribedConfig['settings']>>
  /** Sets these; all other settings of the topics stay. */
  set(topics: readonly string[], settings: Readonly<Record<string, string>>): Promise<void>
}

/** Errors of a cluster that is just starting, or electing a controller. */
const PASSING: ReadonlySet<string> = new Set([
  'NOT_CONTROLLER',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'INVALID_REPLICATION_FACTOR',
  'THROTTLING_QUOTA_EXCEEDED',
])
const READY_WITHIN_MS = 30_000
const PASSES_WITHIN_MS = 10_000
const PAUSE_MS = 250
/** An answer about more topics would take long. */
const TOPICS_PER_REQUEST = 500

export function createTopicAdmin({ wire, clock }: { wire: Wire; clock: Clock }): TopicAdmin {
  async function send<T>(request: WireRequest<T>, what: string): Promise<T> {
    try {
      return await wire.sendToAny(request)
    } catch (error) {
      throw explained(error, what)
    }
  }

  /** Retries, for a while, topics that the cluster refuses only for now. */
  async function change<N>(
    wanted: readonly N[],
    options: {
      request(list: readonly N[]): WireRequest<TopicResult[]>
      nameOf(one: N): string
      what: string
      done: string
    },
  ): Promise<void> {
    const deadlineMs = clock.monotonicMs() + PASSES_WITHIN_MS
    let open = wanted
    while (open.length > 0) {
      const results = await send(options.request(open), options.what)
      const failed = results.filter(({ error }) => error !== undefined && error.type !== options.done)
      const lasting = failed.find(({ error }) => !PASSING.has(error!.type)) ?? failed[0]
      if (!lasting) return
      if (!PASSING.has(lasting.error!.type) || clock.monotonicMs() > deadlineMs)
        throw explained(lasting.error, options.what)
      await clock.sleep(PAUSE_MS)
      const again = new Set(failed.map(({ topic }) => topic))
      open = open.filter(one => again.has(options.nameOf(one)))
    }
  }

  return {
    create: topics =>
      change(topics, {
        request: createTopicsRequest,
        nameOf: ({ topic }) => topic,
        what: 'Topics cannot be made',
        done: 'TOPIC_ALREADY_EXISTS',
      }),
    remove: topics =>
      change(topics, {
        request: deleteTopicsRequest,
        nameOf: topic => topic,
        what: 'Topics cannot be deleted',
        done: 'UNKNOWN_TOPIC_OR_PARTITION',
      }),
    grow: (topic, count) =>
      change([{ topic, count }], {
        request: createPartitionsRequest,
        nameOf: one => one.topic,
        what: 'A topic cannot grow',
        done: '',
      }),
    async settings(topics, keys) {
      const found = new Map<string, DescribedConfig['settings']>()
      for (let at = 0; at < topics.length; at += TOPICS_PER_REQUEST) {
        const what = 'The settings of topics cannot be read'
        const described = await send(
          describeConfigsRequest('topic', topics.slice(at, at + TOPICS_PER_REQUEST), keys),
          what,
        )
        for (const { name, error, settings } of described) {
          if (error && error.type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw explained(error, what)
          if (!error) found.set(name, settings)
        }
      }
      return found
    },
    async set(topics, settings) {
      for (let at = 0; at < topics.length; at += TOPICS_PER_REQUEST) {
        await change(topics.slice(at, at + TOPICS_PER_REQUEST), {
          request: list => alterTopicConfigsRequest(list.map(topic => [topic, settings])),
          nameOf: topic => topic,
          what: `${Object.entries(settings).map(each => each.join('=')).join(', ')} cannot be set`, // biome-ignore format: one thought
          done: 'UNKNOWN_TOPIC_OR_PARTITION',
        })
      }
    },
  }
}

/** Resolves with the metadata of each topic, once all partitions have leaders and there are at least `least`. */
export async function waitForLeaders(
  deps: { wire: Wire; clock: Clock },
  names: string[],
  least = 1,
): Promise<Map<string, TopicInfo>> {
  const deadline = deps.clock.monotonicMs() + READY_WITHIN_MS
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const found = await deps.wire.metadata(names)
    const ready = found.filter(
      each => each.errorCode === 0 && each.partitions.length >= least && each.partitions.every(one => one.leader >= 0),
    )
    if (ready.length === names.length) return new Map(ready.map(each => [each.topic, each]))
    if (deps.clock.monotonicMs() > deadline) {
      const waiting = names.filter(name => !ready.some(each => each.topic === name))
      throw new KafkaError(
        'LEADER_NOT_AVAILABLE',
        `topics without a leader after ${READY_WITHIN_MS / 1000} s: ${waiting.join(', ')}`,
      )
    }
    await deps.clock.sleep(pauseMs)
  }
}

/** For callers that distinguish what failed. */
export const isDenied = (error: unknown): boolean =>
  error instanceof KafkaError && error.type.endsWith('_AUTHORIZATION_FAILED')
