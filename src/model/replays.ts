/** Replays and their targets, and how to read those that an earlier release wrote. */
import type { ConditionGroup } from './conditions.ts'
import type { Environment } from './environments.ts'
import type { Stored } from './stored.ts'

/** The targets that a caller may name for a replay. `original`: everybody who matches the events now. */
export const REPLAY_TARGETS = [
  'webhook',
  'subscription',
  'sink',
  'federation_member',
  'queue',
  'workflow',
  'original',
] as const
export type ReplayTargetName = (typeof REPLAY_TARGETS)[number]
export type ReplayTargetKind = Exclude<ReplayTargetName, 'original'>

/** Figures of a replay, or of one of its targets. */
export interface ReplayProgress {
  matched: number
  processed: number
  succeeded: number
  failed: number
  skipped: number
  /** Events of the range that the log lost before the replay reached them. Absent: none. */
  expired?: number
}

/** One target of a replay. `progress`: as of its end; null while it runs. */
export interface ReplayTarget {
  kind: ReplayTargetKind
  id: string
  state: 'running' | 'completed' | 'cancelled' | 'failed'
  stateReason: string | null
  progress: ReplayProgress | null
}

/** The dead letters that a redrive takes, as the history had them at the time of the call. Null: any. */
export interface DeadLetterChoice {
  type: string | null
  errorKind: string | null
  responseStatus: number | null
  /** ISO 8601: when the deliveries were made; from, and before. */
  from: string | null
  to: string | null
  /** Events with lower ids are no longer kept. */
  oldestEvent: string
  /** As many as there were. */
  count: number
}

/**
 * A replay of stored events to some targets. Its progress is part of the engine's state, not of this record. Earlier
 * releases wrote only the fields that are not optional, and `webhookId`; `targetsOf` reads both forms.
 */
export interface Replay extends Stored {
  environment: Environment
  name: string | null
  kind: 'replay' | 'recover' | 'redrive'
  /** Of a redrive, whose range is the time in which the deliveries were made. */
  deadLetters?: DeadLetterChoice
  /** Of a replay to one webhook. */
  webhookId?: string
  /** By the time of recording; `to` exclusive. */
  from: string
  to: string
  /** The cursor given as the start, and its offsets by partition. */
  fromCursor?: string
  fromOffsets?: number[]
  /** Instead of a range: the events by their ids. */
  eventIds?: string[]
  /** Empty: the target's own selectors. */
  selectors: string[]
  subject?: string | null
  conditions?: ConditionGroup | null
  /** Only events without a successful delivery to this webhook. */
  onlyFailed: boolean
  ratePerSecond: number
  includeFederation?: boolean
  includeLifecycle?: boolean
  dryRun?: boolean
  /** Wait for inactive targets instead of skipping them. */
  force?: boolean
  /** The kind that the caller named. */
  targetKind?: ReplayTargetName
  targets?: ReplayTarget[]
  warnings?: string[]
  /** The most deliveries that the plan still allows; null: unlimited. */
  matchedMax: number | null
  state: 'pending' | 'running' | 'paused' | 'cancelling' | 'cancelled' | 'completed' | 'failed'
  stateReason: string | null
  requestedBy: string
  startedAt: string | null
  endedAt: string | null
  /** As of `endedAt`; null while it runs. */
  progress: ReplayProgress | null
}

const UNDER_WAY: ReadonlySet<Replay['state']> = new Set(['pending', 'running', 'paused', 'cancelling'])

/** Neither ended nor failed. */
export const isUnderWay = ({ state }: Pick<Replay, 'state'>): boolean => UNDER_WAY.has(state)

/** The targets of a replay; one webhook where the record has none, since an earlier release wrote it. */
export function targetsOf(replay: Replay): readonly ReplayTarget[] {
  if (replay.targets !== undefined) return replay.targets
  const { webhookId, state, stateReason, progress } = replay
  if (webhookId === undefined) return []
  const of = state === 'completed' || state === 'cancelled' || state === 'failed' ? state : 'running'
  return [{ kind: 'webhook', id: webhookId, state: of, stateReason, progress }]
}

const SUBSCRIPTION = 'evs_'
const WEBHOOK = 'wh_'

/** A subscription is a webhook by another name: its id has the same characters behind another prefix. */
export const subscriptionIdOf = (webhookId: string): string => SUBSCRIPTION + webhookId.slice(WEBHOOK.length)

/** The webhook behind a subscription's id; any other id as it is. */
export const webhookIdOf = (id: string): string =>
  id.startsWith(SUBSCRIPTION) ? WEBHOOK + id.slice(SUBSCRIPTION.length) : id

/** The record of the webhook behind a target; undefined for a target that is none. An external peer is one. */
export const webhookIdOfTarget = ({ kind, id }: Pick<ReplayTarget, 'kind' | 'id'>): string | undefined =>
  kind === 'queue' || kind === 'workflow' ? undefined : webhookIdOf(id)
