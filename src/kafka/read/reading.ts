/**
 * One partition being read: its position, its leader, the leader epochs of its records, and since when it has waited.
 * This file decides what an answer means for it, without a clock or a socket.
 */
import type { Gap, KnownPosition, Waiting, WaitReason } from '../ports.ts'
import type { LeaderOf, TopicInfo } from '../protocol/cluster.ts'
import type { FetchedPartition } from '../protocol/fetch-request.ts'
import type { EpochStart } from '../protocol/record-batch.ts'

export interface Reading {
  readonly topic: string
  readonly partition: number
  /** Empty: not known yet. */
  topicId: string
  /** The next offset to read; undefined: the end at the time of the first look-up. */
  offset: number | undefined
  /** No start offset was given: a log that begins later has no gap. */
  isFromStart: boolean
  /** The last of the epochs read, ascending: needed to find where a log that was cut diverges. */
  epochs: EpochStart[]
  /** The broker that reads it, or did last. */
  leader: LeaderOf | undefined
  /**
   * The offset that the broker has. An answer counts only while it equals ours: a partition may be assigned anew
   * meanwhile.
   */
  sentOffset: number | undefined
  isPaused: boolean
  /** When it last had records, or was placed or resumed; monotonic. */
  activeAtMs: number
  /** Since the last answer without an error. */
  failures: number
  waiting: { sinceMs: number; reason: WaitReason; isReported: boolean } | undefined
  /** The leader where it failed last, until a pause has passed: the same leader is not tried again at once. */
  failedAt: LeaderOf | undefined
  /** Not to be placed before; monotonic. */
  dueMs: number
}

const EPOCHS_KEPT = 16
const BACK_OFF_MS = { first: 50, most: 1_000 }
/** Beyond the end nothing changes quickly. */
const BEYOND_END_PAUSE_MS = 2_000

export const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`

export function createReading(
  topic: string,
  partition: number,
  from: number | 'earliest' | 'latest',
  known: KnownPosition = {},
): Reading {
  const { topicId = '', leaderEpoch = -1 } = known
  return {
    topic,
    partition,
    topicId,
    offset: from === 'earliest' ? 0 : from === 'latest' ? undefined : from,
    isFromStart: from === 'earliest',
    epochs: leaderEpoch >= 0 && typeof from === 'number' && from > 0 ? [{ epoch: leaderEpoch, from: from - 1 }] : [],
    leader: undefined,
    sentOffset: undefined,
    isPaused: false,
    activeAtMs: 0,
    failures: 0,
    waiting: undefined,
    failedAt: undefined,
    dueMs: 0,
  }
}

/** Leader epoch of the record before the reading's offset; -1: unknown. */
export const lastEpoch = ({ epochs }: Reading): number => epochs.at(-1)?.epoch ?? -1

/** Reading has advanced to `nextOffset`. */
export function advance(reading: Reading, nextOffset: number, read: readonly EpochStart[]): void {
  reading.offset = nextOffset
  reading.isFromStart = false
  for (const each of read) if (each.epoch > lastEpoch(reading)) reading.epochs.push(each)
  if (reading.epochs.length > EPOCHS_KEPT) reading.epochs.splice(0, reading.epochs.length - EPOCHS_KEPT)
}

/**
 * The leader's log has been cut, or replaced by a shorter one: `diverging` is its newest epoch not above ours, and the
 * end of that epoch. Reading continues where the two logs diverge, which is where either of them ends that epoch.
 * Returns the gap; undefined: no record that was read is lost.
 */
export function diverge(reading: Reading, diverging: { epoch: number; endOffset: number }): Gap | undefined {
  const from = reading.offset!
  const ownEnd = reading.epochs.find(each => each.epoch > diverging.epoch)?.from ?? from
  const to = Math.max(0, Math.min(diverging.endOffset, ownEnd, from))
  reading.epochs = reading.epochs.filter(each => each.epoch <= diverging.epoch)
  // An older epoch ends there in both logs, even if we have not seen its start.
  if (diverging.epoch >= 0 && lastEpoch(reading) < diverging.epoch)
    reading.epochs.push({ epoch: diverging.epoch, from: to })
  reading.offset = to
  return to < from ? { from, to, reason: 'truncated' } : undefined
}

/**
 * Handles OFFSET_OUT_OF_RANGE, given the leader's range. `beyond_end`: nothing to compare; the position may be right,
 * and the leader behind.
 */
export function settleRange(reading: Reading, start: number, end: number): Gap | 'beyond_end' | undefined {
  const from = reading.offset
  if (from === undefined) {
    reading.offset = end
    return undefined
  }
  if (from < start) {
    const isGap = !reading.isFromStart
    reading.offset = start
    reading.epochs = []
    return isGap ? { from, to: start, reason: 'retention' } : undefined
  }
  if (from <= end) {
    // In range: the leader does not know our epoch.
    reading.epochs = []
    return undefined
  }
  if (lastEpoch(reading) < 0) return 'beyond_end'
  reading.offset = end
  reading.epochs = []
  return { from, to: end, reason: 'truncated' }
}

/** The topic was deleted and made again: the position is void. */
export function startOver(reading: Reading, topicId: string): void {
  reading.topicId = topicId
  reading.offset = 0
  reading.isFromStart = true
  reading.epochs = []
  reading.leader = undefined
  reading.failedAt = undefined
}

export type Placement = { at: LeaderOf } | { wait: WaitReason } | { otherId: string } | { sameLeader: LeaderOf }

const TOPIC_AUTHORIZATION_FAILED = 29

/** The leader to read from, according to the topic's metadata. `sameLeader`: the one that has just failed. */
export function placementOf(reading: Reading, info: TopicInfo | undefined, leader: LeaderOf | undefined): Placement {
  if (info?.errorCode === TOPIC_AUTHORIZATION_FAILED) return { wait: 'unauthorized' }
  if (info === undefined || info.id === '' || info.partitions.every(each => each.partition !== reading.partition))
    return { wait: 'unknown_topic' }
  if (reading.topicId !== '' && info.id !== reading.topicId) return { otherId: info.id }
  if (leader === undefined) return { wait: 'no_leader' }
  const failed = reading.failedAt
  return failed?.node === leader.node && failed.epoch === leader.epoch ? { sameLeader: leader } : { at: leader }
}

/** The next step after an error in one partition's answer. */
export type Remedy =
  /** Its leader has moved; the answer may name the new one. */
  | 'moved'
  /** Retry soon, at the same leader. */
  | 'later'
  /** Compare the offset with the leader's range. */
  | 'range'
  /** There may be another topic of this name. */
  | 'topic'
  | 'unauthorized'

const REMEDIES: Record<string, Remedy> = {
  NOT_LEADER_OR_FOLLOWER: 'moved',
  FENCED_LEADER_EPOCH: 'moved',
  OFFSET_OUT_OF_RANGE: 'range',
  UNKNOWN_TOPIC_OR_PARTITION: 'topic',
  UNKNOWN_TOPIC_ID: 'topic',
  INCONSISTENT_TOPIC_ID: 'topic',
  TOPIC_AUTHORIZATION_FAILED: 'unauthorized',
}

export const remedyOf = (error: string): Remedy => REMEDIES[error] ?? 'later'

/** The leader that the answer names, if it is newer than the one that answered. */
export function hintOf(reading: Reading, { leader }: Pick<FetchedPartition, 'leader'>): LeaderOf | undefined {
  return leader !== undefined && leader.epoch > (reading.leader?.epoch ?? -1) ? leader : undefined
}

/** The pause before the same leader is tried again, ms. */
export function pauseOf({ failures, waiting }: Reading): number {
  if (waiting?.reason === 'beyond_end') return BEYOND_END_PAUSE_MS
  return Math.min(BACK_OFF_MS.first * 2 ** Math.max(0, failures - 1), BACK_OFF_MS.most)
}

export const waitingOf = ({ topic, partition, waiting }: Reading): Waiting | undefined =>
  waiting && { topic, partition, sinceMs: waiting.sinceMs, reason: waiting.reason }
