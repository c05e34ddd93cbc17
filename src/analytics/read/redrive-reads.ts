/** Reads for redrives of dead letters: which they are, in order, and what became of those that were taken up. */
import type { Owner } from '../../model/environments.ts'
import { type DeadLetterChoice, type Replay, targetsOf } from '../../model/replays.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { parametersOf } from './attempted-deliveries.ts'
import { deadOf } from './redelivery-reads.ts'

/** A delivery that failed for good, or (`isTakenUp`) was taken up by hand since. */
export interface DeadLetter {
  id: string
  eventId: string
  emitId: string
  sequence: number
  attempts: number
  replayId: string | null
  /** ISO 8601. */
  createdAt: string
  isTakenUp: boolean
}

export interface DeadLettersOf extends Omit<DeadLetterChoice, 'count'>, Owner {
  webhookId: string
  /** ISO 8601: what failed later is left out. */
  asOf: string
}

interface FoundLetter {
  deliveryId: string
  eventId: string
  emitId: string
  sequence: number | string
  number: number
  state: string
  replayId: string | null
  createdAt: string
}

export interface RedriveCount {
  replayId: string
  of: string
  outcome: string
  count: number
  lastEventId: string
}

export function createRedriveReads(client: AnalyticsClient) {
  const inOrder = readQuery('dead-letters-in-order')
  const outcomes = readQuery('redrive-outcomes')

  return {
    /** At least `limit` of them from an event number on, if there are as many; all of each event. */
    async deadLettersInOrder(
      { oldestEvent, asOf, ...filter }: DeadLettersOf,
      fromSequence: number,
      limit: number,
    ): Promise<DeadLetter[]> {
      const of = { ...parametersOf(deadOf(filter), undefined), oldestEvent, asOf, fromSequence, limit }
      const found = await client.query<FoundLetter>(inOrder, of)
      return found.map(({ deliveryId: id, sequence, number: attempts, state, ...each }) => ({
        ...{ id, sequence: Number(sequence), attempts, isTakenUp: state !== 'failed' },
        ...{ eventId: each.eventId, emitId: each.emitId, replayId: each.replayId, createdAt: each.createdAt },
      }))
    },

    /** What became of the deliveries that these redrives have taken up, by redrive and webhook. */
    async redriveOutcomes(
      { organizationId, environment }: Owner,
      redrives: readonly Replay[],
    ): Promise<RedriveCount[]> {
      const webhookIds = [...new Set(redrives.flatMap(each => targetsOf(each).map(({ id }) => id)))]
      if (webhookIds.length === 0) return []
      const replayIds = redrives.map(({ id }) => id)
      const found = await client.query<{
        replayId: string
        targetId: string
        state: string
        items: number | string
        lastEventId: string
      }>(outcomes, { organizationId, environment, webhookIds, replayIds })
      return found.map(({ replayId, targetId: of, state: outcome, items, lastEventId }) => ({
        ...{ replayId, of, outcome, count: Number(items), lastEventId },
      }))
    },
  }
}
