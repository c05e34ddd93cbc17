/** Replays as every room reads them, whichever release wrote the record. */
import type { Replay, ReplayTarget } from './records.ts'

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
