/** The organization's accepted events in order, as a stream of the API. */
import { basename } from 'node:path'
import type { StoredEvent } from '../client/types.ts'
import { filePlace } from '../file-place.ts'
import type { LogEvent } from '../kafka/log-event.ts'
import type { Context } from './command.ts'

const GENERIC = 'platformxe.generic'

/**
 * It waits while the platform is away, and goes on behind the last event that was shown. A thrown error carries the
 * number to continue from.
 */
export async function* streamLog({ client, text, print, signal }: Context): AsyncGenerator<LogEvent> {
  const file = text('place')
  let last: number | undefined
  let isAway = false
  const stream = client().events.stream(
    {
      types: text('events') ?? '*',
      includeLifecycle: text('events') === undefined,
      from: text('after') === undefined ? (text('from') ?? 'latest') : 'earliest',
      // A run that was cut may still seem to be open: the next one of the same place replaces it.
      ...(file === undefined ? {} : { client: `listen-${basename(file)}`.slice(0, 100) }),
    },
    {
      signal,
      ...(file === undefined ? {} : { place: filePlace(file) }),
      onOpen() {
        if (isAway) print.note(last === undefined ? 'it answers again' : `it answers again; going on behind #${last}`)
        else print.note('listening: events are shown as they are accepted')
        isAway = false
      },
      onAway(error, retryInMs) {
        isAway = true
        print.note(`${error.message} Once more in ${Math.ceil(retryInMs / 1_000)} s.`)
      },
    },
  )
  try {
    for await (const event of stream) {
      last = event.sequence
      try {
        yield logEventOf(event)
      } finally {
        // The last one of `--count`: it was shown.
        await stream.commit()
      }
    }
  } catch (error) {
    if (last !== undefined) throw Object.assign(error as Error, { resumeAfter: last })
    throw error
  }
}

/** With the kind and the text of the payload, as the log has them; null where the key may not see it. */
function logEventOf({ data, withheld, federation, replay: _, ...event }: StoredEvent): LogEvent {
  if (withheld) return { ...event, federation, kind: null, data: null, payloadJson: 'null' }
  const kind = event.type === GENERIC && typeof data.kind === 'string' ? data.kind : null
  return { ...event, federation, kind, data, payloadJson: JSON.stringify(data) }
}
