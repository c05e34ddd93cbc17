/** An event, asked for again until it is recorded and its deliveries have ended. */
import { useQuery } from '@tanstack/react-query'
import { ApiError, call } from '../api/call.ts'
import type { EmitStatus, EventInFull } from '../api/types.ts'

/** The history is a second or two behind an emit, and more under load. */
const RECORDED_WITHIN_MS = 60_000
const POLL_MS = 1_000
const UNDER_WAY: EmitStatus[] = ['REQUESTED', 'RELAYED']

export function useEvent(id: string | undefined) {
  const query = useQuery({
    queryKey: ['event', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) =>
      call<EventInFull>('GET', `/events/${encodeURIComponent(id ?? '')}`, { asText: ['payload'], signal }),
    refetchInterval: ({ state: { data, error } }) => {
      if (data !== undefined) return UNDER_WAY.includes(data.emit.status) ? POLL_MS : false
      return (isMissing(error) || isPassing(error)) && isRecent(id) ? POLL_MS : false
    },
  })
  return { ...query, isNew: isMissing(query.error) && isRecent(id) }
}

/** The history cannot be read now. */
const isPassing = (error: unknown) => error instanceof ApiError && error.retryable

const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404

const opened = new Map<string, number>()

/** Whether this tab first showed it a moment ago. */
function isRecent(id = ''): boolean {
  const at = opened.get(id) ?? Date.now()
  opened.set(id, at)
  return Date.now() - at < RECORDED_WITHIN_MS
}
