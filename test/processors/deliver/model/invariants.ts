/** The invariants of all histories: each function throws where its own does not hold. */
import { deliveryId } from '../../../../src/model/ids.ts'
import type { AttemptRow } from '../../../../topics/audit-attempts.ts'
import type { MemoryShard } from '../memory-shard.ts'
import { WEBHOOKS } from './commands.ts'
import type { Accepted } from './history.ts'

/** Nothing of these is stored at rest. */
const STATE_PREFIXES = ['parked/', 'owed/', 'early/', 'open/', 'failed/', 'endpoint/', 'lane/', 'redrive/', 'replay/']

/** Attempts are numbered without a gap, and no retry by hand is skipped. */
export function checkAttempts({ rows }: MemoryShard): void {
  const numbers = new Map<string, number>()
  for (const { eventId, webhookId, deliveryId, state, number, attemptId, trigger } of rows) {
    const key = `${eventId} ${webhookId}`
    if (attemptId !== null) {
      const before = numbers.get(deliveryId) ?? 0
      if (number !== before + 1) throw new Error(`${key}: attempt ${number} after ${before}`)
      numbers.set(deliveryId, number)
    }
    if (trigger === 'manual' && state === 'skipped') throw new Error(`${key}: a retry by hand was skipped`)
  }
}

/** Each delivery ends once, and its emit is completed exactly when the last one has ended. */
export function checkEnds({ rows, completions }: MemoryShard, accepted: readonly Accepted[]): void {
  // Manual retries and replays do not change how an emit ended.
  const ended = rows.filter(({ trigger, state }) => trigger === 'live' && state !== 'retrying')
  const ends = Map.groupBy(ended, ({ eventId, webhookId }) => `${eventId} ${webhookId}`)
  const completed = Map.groupBy(completions, ({ eventId }) => eventId)
  for (const { event, webhooks } of accepted) {
    const name = `event ${event.sequence}`
    const states = webhooks.map(id => (ends.get(`${event.eventId} ${id}`) ?? []).map(({ state }) => state))
    for (const [at, list] of states.entries())
      if (list.length > 1) throw new Error(`${name} for ${webhooks[at]} ended ${list.length} times: ${list}`)
    checkCompletion(
      name,
      states,
      (completed.get(event.eventId) ?? []).map(({ state }) => state),
    )
  }
}

/** `states`: the end of each delivery, if it has one. */
function checkCompletion(name: string, states: string[][], completions: string[]): void {
  if (completions.length > 1) throw new Error(`${name} was completed ${completions.length} times`)
  const isOver = states.every(list => list.length === 1)
  if (isOver !== (completions.length === 1))
    throw new Error(
      `${name} ${isOver ? 'has ended and is not completed' : 'is completed and has not ended'}: ${JSON.stringify(states)}`,
    )
  const expected = states.some(list => list.includes('failed')) ? 'FAILED' : 'DELIVERED'
  if (isOver && completions[0] !== expected) throw new Error(`${name} is ${completions[0]}, not ${expected}`)
}

/** Of the ordered webhook, no later delivery of a subject overtakes; those that were retried by hand are free. */
export function checkOrder(
  { rows, requests }: MemoryShard,
  accepted: readonly Accepted[],
  byHand: { ids: ReadonlySet<string>; isRedriven: boolean },
): void {
  const last = new Map<string, number>()
  // Rows of manual retries may not have committed yet.
  const isManual = ({ trigger, state, reason }: AttemptRow) =>
    trigger !== 'live' || (byHand.isRedriven && (state === 'failed' || reason === 'left_out'))
  const manual = new Set([...byHand.ids, ...rows.filter(isManual).map(({ deliveryId: id }) => id)])
  const live = new Set(
    accepted.flatMap(({ event }) => WEBHOOKS.map(id => deliveryId(event.eventId, id))).filter(id => !manual.has(id)),
  )
  for (const { webhookId, subject, sequence, deliveryId: id } of requests) {
    if (webhookId !== 'wh_a' || !live.has(id)) continue
    const before = last.get(String(subject)) ?? 0
    if (sequence < before) throw new Error(`event ${sequence} about ${subject} was sent after ${before}`)
    last.set(String(subject), sequence)
  }
}

/** Everything has ended, and no state is left. */
export function checkRest(shard: MemoryShard, accepted: readonly Accepted[]): void {
  for (const { event, webhooks } of accepted) {
    for (const id of webhooks) {
      const found = shard.rows.filter(
        row =>
          row.eventId === event.eventId && row.webhookId === id && row.state !== 'retrying' && row.trigger === 'live',
      )
      if (found.length !== 1) throw new Error(`event ${event.sequence} for ${id} has ${found.length} ends at rest`)
    }
  }
  const newest = new Map(shard.rows.map(row => [row.deliveryId, row]))
  for (const { deliveryId: id, sequence, webhookId, state, reason } of newest.values())
    if (state === 'retrying')
      throw new Error(`${id} of event ${sequence} to ${webhookId} is ${state} (${reason}) at rest`)
  for (const prefix of STATE_PREFIXES) {
    const left = shard.state(prefix)
    if (left.length > 0) throw new Error(`at rest ${left.map(({ key }) => key!.toString())} is stored`)
  }
}
