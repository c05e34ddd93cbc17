/** Whether the events that a replay names one by one exist: in the history, and young enough to be kept. */
import type { Clock } from '../../clock.ts'
import { EVENT_RETENTION_MS } from '../../control-plane/replays/replays.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import { parseEventId } from '../../model/ids.ts'

/** Throws `not_found` with the place of each unknown event, `outside_retention`, or `service_unavailable`. */
export type CheckEvents = (owner: Owner, eventIds: string[]) => Promise<void>

/** An event of the last minutes may not be in the history yet. */
const RECENT_MS = 3_600_000
const WAIT = { mostMs: 5_000, everyMs: 100 } as const

export function createCheckEvents({
  clock,
  numbersOfEmits,
}: {
  clock: Clock
  numbersOfEmits(owner: Owner, emitIds: string[], since: string): Promise<Array<{ emitId: string }>>
}): CheckEvents {
  const emitIdOf = (eventId: string) => `cee_${eventId.slice('evt_'.length)}`
  /** Ids are made by the broker's clock. */
  const ageMs = (eventId: string) => clock.machineMs() - (parseEventId(eventId)?.timestampMs ?? 0)

  async function missing(owner: Owner, eventIds: string[]): Promise<string[]> {
    const since = new Date(clock.nowMs() - EVENT_RETENTION_MS).toISOString()
    const deadlineMs = clock.monotonicMs() + WAIT.mostMs
    for (;;) {
      const found = await numbersOfEmits(owner, eventIds.map(emitIdOf), since)
      const known = new Set(found.map(({ emitId }) => emitId))
      const unknown = eventIds.filter(id => !known.has(emitIdOf(id)))
      const mayCome = unknown.some(id => parseEventId(id) !== undefined && ageMs(id) < RECENT_MS)
      if (!mayCome || clock.monotonicMs() >= deadlineMs) return unknown
      await clock.sleep(WAIT.everyMs)
    }
  }

  return async (owner, eventIds) => {
    const unknown = new Set(await missing(owner, eventIds))
    if (unknown.size === 0) return
    const isGone = (id: string) => parseEventId(id) !== undefined && ageMs(id) >= EVENT_RETENTION_MS
    const gone = [...unknown].filter(isGone)
    const details: Finding[] = eventIds.flatMap((id, at) =>
      unknown.has(id) && !isGone(id)
        ? [
            {
              path: `/source/eventIds/${at}`,
              rule: 'exists',
              message: 'is no event of this organization and environment',
            },
          ]
        : [],
    )
    if (details.length > 0)
      throw new ClarionError('not_found', `There is no event ${eventIds[placeOf(details[0]!)]}.`, {
        details: details.slice(0, 20),
      })
    if (gone.length === eventIds.length)
      throw new ClarionError('outside_retention', 'None of the events is kept any more.', {
        details: [{ path: '/source/eventIds', rule: 'retention', message: 'are older than 30 days' }],
      })
  }
}

const placeOf = ({ path }: Finding): number => Number(path.slice(path.lastIndexOf('/') + 1))
