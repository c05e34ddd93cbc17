/** A topic's description. One file each; code imports a topic and never spells its name. */
import type { Environment } from '../src/model/environments.ts'

export type Role = 'api' | 'admit' | 'deliver' | 'run' | 'queue' | 'record'

export interface TopicSettings {
  /** Its contents, in a sentence. */
  meaning: string
  key: string
  value: string
  producers: Array<Role | 'organization'>
  consumers: Array<Role | 'organization'>
  /** `compact` keeps the newest record of each key for good; otherwise records go after `retentionMs`. */
  cleanup: 'delete' | 'compact'
  retentionMs?: number
  /** Of each partition, where callers from outside decide how much is written; the oldest records go first. */
  retentionBytes?: number
  /** Of a compacted topic: for so long each record is left as it is, for those who follow it. */
  compactionLagMs?: number
  /** The broker stamps the time of append; a producer cannot backdate. Required where code reads the record's time. */
  logAppendTime: boolean
  /** Largest batch, bytes. */
  maxMessageBytes: number
}

/** A topic shared by all organizations. */
export interface Topic extends TopicSettings {
  name: string
  /** `shards`: one partition per shard; `one`: exactly one. */
  partitions: 'one' | 'shards'
}

/** A topic that each organization has for itself, by environment. */
export interface OrganizationTopic extends TopicSettings {
  /** For the documentation: `emits.<org>`. */
  pattern: string
  nameFor(organizationId: string, environment: Environment): string
}

export const DAY_MS = 86_400_000
export const DEFAULT_MAX_MESSAGE_BYTES = 8 * 1024 * 1024

/** Kafka's words for a topic's settings. */
export function configOf(settings: TopicSettings): Record<string, string> {
  return {
    'cleanup.policy': settings.cleanup,
    'max.message.bytes': String(settings.maxMessageBytes),
    'message.timestamp.type': settings.logAppendTime ? 'LogAppendTime' : 'CreateTime',
    ...(settings.retentionMs === undefined ? {} : { 'retention.ms': String(settings.retentionMs) }),
    ...(settings.compactionLagMs === undefined ? {} : { 'min.compaction.lag.ms': String(settings.compactionLagMs) }),
    ...(settings.retentionBytes === undefined
      ? {}
      : { 'retention.bytes': String(settings.retentionBytes), 'segment.bytes': String(settings.retentionBytes / 8) }),
    // A compacted topic is restored whole: keep its tail short.
    ...(settings.cleanup === 'compact'
      ? { 'segment.bytes': '16777216', 'min.cleanable.dirty.ratio': '0.3', 'delete.retention.ms': '3600000' }
      : {}),
  }
}
