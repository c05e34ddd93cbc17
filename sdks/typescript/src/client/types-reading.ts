/** Types of reading the log. */

/** An event as the log has it: the envelope of a delivery without the delivery's own fields. */
export interface StoredEvent {
  id: string
  specversion: '1.0'
  type: string
  canonicalName: string
  organizationId: string
  environment: 'live' | 'test'
  /** Dense in each organization and environment. */
  sequence: number
  source: string
  subject: string | null
  actorId: string
  time: string
  recordedAt: string
  schemaVersion: string
  schemaHash: string
  correlationId: string | null
  causationId: string | null
  traceId: string | null
  chain: { rootEventId: string; depth: number; workflowPath: string[] }
  federation: Record<string, unknown> | null
  replay: null
  /** Absent with `withheld`. */
  data: Record<string, unknown>
  /** The key does not hold the scope `events:payload`. */
  withheld?: true
}

export interface Pull {
  /** Selectors, at most 100. */
  types: string | readonly string[]
  subject?: string
  /** One group of conditions. */
  filter?: string | object
  /** `latest` (default), `earliest`, a time or a cursor. */
  from?: string
  /** A time or a cursor: events from there on are left out. */
  to?: string
  /** In place of `from`: `nextCursor` of the page before. */
  cursor?: string
  /** 1–1,000, default 100. */
  limit?: number
  /** At the end of the log: how long to wait for an event, at most 20. */
  waitSeconds?: number
  includeLifecycle?: boolean
}

export interface EventPage<T> {
  data: T[]
  /** Always there: at the end it is where the next events will come. */
  nextCursor: string
  /** The log was read to its end, or to `to`. */
  atEnd: boolean
}

export interface GapQuery {
  first: number
  last: number
  webhook: string
  /** `nextCursor` of the page before. */
  cursor?: string
  limit?: number
}

export interface GapItem {
  event: StoredEvent
  /** Null: the webhook was not sent it. */
  delivery: {
    id: string
    status: 'pending' | 'success' | 'retrying' | 'failed' | 'cancelled' | 'skipped'
    skipped?: string
  } | null
}
