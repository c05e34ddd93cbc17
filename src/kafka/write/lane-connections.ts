/**
 * Chooses the connection of a lane for a request: the next one only when those before are late, and few for partitions
 * that wait for followers.
 */
const CONNECTIONS_MAX = 4
/** Connections that partitions with slow followers may hold at the same time. */
const SLOW_CONNECTIONS_MAX = 2
/** After this long without an answer the next request may use another connection. */
export const LATE_MS = 200

export interface RequestUnderWay {
  sentAtMs: number
  isSlow: boolean
}

/** By the number of their connection. */
export type Requests = ReadonlyArray<RequestUnderWay | undefined>

/** The number of the connection to use; undefined: wait. */
export function freeConnection(requests: Requests, isSlow: boolean, nowMs: number): number | undefined {
  const underWay = requests.filter(each => each !== undefined)
  if (underWay.length >= CONNECTIONS_MAX) return undefined
  if (isSlow) {
    if (underWay.filter(each => each.isSlow).length >= SLOW_CONNECTIONS_MAX) return undefined
  } else if (underWay.some(each => !each.isSlow && nowMs - each.sentAtMs < LATE_MS)) return undefined
  const free = requests.indexOf(undefined)
  return free < 0 ? requests.length : free
}

/** How long the newest request may still take before the next one is sent; undefined: an answer has to come first. */
export function lateIn(requests: Requests, nowMs: number): number | undefined {
  const sentAtMs = Math.max(...requests.map(each => (each && !each.isSlow ? each.sentAtMs : Number.NEGATIVE_INFINITY)))
  const waitMs = sentAtMs + LATE_MS - nowMs
  return waitMs > 0 ? waitMs : undefined
}
