/** Reading events from the log of the organization. */
import type { Answer, Request, Send } from './transport.ts'
import type { CallOptions, EventPage, GapItem, GapQuery, Pull, StoredEvent } from './types.ts'

/** A page that waits takes as long as it was told to, and then as long as any other call. */
const ANSWER_MS = 10_000

export function createReading(send: Send) {
  const read = async <T>(query: object, waitSeconds: number, { signal }: CallOptions): Promise<EventPage<T>> => {
    const request: Request = { method: 'GET', path: '/events', query, signal }
    const answer: Answer<T[]> = await send(
      waitSeconds > 0 ? { ...request, timeoutMs: waitSeconds * 1_000 + ANSWER_MS } : request,
    )
    return { data: answer.data, nextCursor: answer.nextCursor ?? '', atEnd: answer.meta?.atEnd === true }
  }

  return {
    /**
     * A page of events, oldest first. `nextCursor` is there at the end too: keep it, and pull again later. Where
     * retention has passed it, `ClarionApiError` with the code `cursor_expired`.
     */
    pull: (query: Pull, options: CallOptions = {}) =>
      read<StoredEvent>(
        { ...query, types: listed(query.types), filter: asJson(query.filter) },
        query.waitSeconds ?? 0,
        options,
      ),
    /** The events with the sequence numbers `first` to `last` that a webhook selects now, each with its delivery. */
    gap: ({ first, last, ...query }: GapQuery, options: CallOptions = {}) =>
      read<GapItem>({ ...query, sequence: `${first}-${last}` }, 0, options),
    /**
     * A receiver's gap: every event with a number from `first` to `last` that its webhook selects, with what became of
     * its delivery, over all pages.
     */
    async *missing(webhook: string, { first, last }: { first: number; last: number }, options: CallOptions = {}) {
      for (let cursor: string | undefined; ; ) {
        const query = { webhook, sequence: `${first}-${last}`, ...(cursor === undefined ? {} : { cursor }) }
        const page = await read<GapItem>(query, 0, options)
        yield* page.data
        if (page.atEnd || page.nextCursor === '' || page.nextCursor === cursor) return
        cursor = page.nextCursor
      }
    },
    /** Lifecycle events that are written to the log though no webhook names them. */
    lifecycle: {
      get: async ({ signal }: CallOptions = {}) =>
        (await send<{ names: string[] }>({ method: 'GET', path: '/events/lifecycle', signal })).data.names,
      set: async (names: string[], { signal }: CallOptions = {}) =>
        (await send<{ names: string[] }>({ method: 'PUT', path: '/events/lifecycle', body: { names }, signal })).data
          .names,
    },
  }
}

const listed = (types: string | readonly string[]) => (Array.isArray(types) ? types.join(',') : types)
const asJson = (filter: unknown) =>
  filter === undefined || typeof filter === 'string' ? filter : JSON.stringify(filter)
