/** The history of a random run, which may be away, or behind. */
import type { CatchUpSources } from '../../../../processors/deliver/catch-up/catch-ups.ts'
import type { EventFacts } from '../../../../topics/deliveries.ts'

/** An event, and the webhooks that it matched. */
export interface Accepted {
  event: EventFacts
  webhooks: readonly string[]
}

export interface History {
  is: 'away' | 'behind' | 'well'
}

export function throwIfAway({ is }: History): void {
  if (is === 'away') throw new Error('The history is away')
}

/** All accepted events; none while it is behind. */
export function historyOf(accepted: readonly Accepted[], history: History): Partial<CatchUpSources> {
  const known = () => {
    throwIfAway(history)
    return history.is === 'behind' ? [] : accepted
  }
  return {
    subscribers: async (_log, wanted) => {
      const events = known()
      const ids = new Set(wanted.map(({ emitId }) => emitId))
      return new Map(
        events
          .filter(({ event }) => ids.has(event.emitId))
          .map(({ event, webhooks }) => [event.eventId, [...webhooks]]),
      )
    },
    eventsOf: async (_log, { from, through }) =>
      known()
        .filter(({ event }) => event.sequence >= from && event.sequence <= through)
        .map(({ event, webhooks }) => ({ event, webhookIds: [...webhooks] })),
  }
}
