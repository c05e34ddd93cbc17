/** An event, asked for again until it is recorded and its deliveries have ended. */
import { useQuery } from '@tanstack/react-query'
import { ApiError, call } from '../api/call.ts'
import type { EventInFull } from '../api/types.ts'

/** The history is a second or two behind an emit, and more under load. */
const RECORDED_WITHIN_MS = 60_000
const POLL_MS = 1_000

export function useEvent(id: string | undefined) {
  const query = useQuery({
    queryKey: ['event', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      call<EventInFull>('GET', `/events/${encodeURIComponent(id ?? '')}`, { asText: ['payload'], signal }),
    refetchInterval: ({ state }) => {
      const status = state.data?.emit.status
      if (isMissing(state.error)) return isRecent(id) ? POLL_MS : false
      return status === 'RELAYED' || status === 'REQUESTED' ? POLL_MS : false
    },
  })
  return { ...query, isNew: isMissing(query.error) && isRecent(id) }
}

const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404

const opened = new Map<string, number>()

/** Whether this tab first showed it a moment ago. */
function isRecent(id = ''): boolean {
  const at = opened.get(id) ?? Date.now()
  opened.set(id, at)
  return Date.now() - at < RECORDED_WITHIN_MS
}
