/**
 * Paths of conditions: into the payload (`payload.items[0].sku`; `data.…` is the same) and the fields of the envelope
 * (`subject`, `chain.depth`). A path is dotted; brackets contain an index (negative: from the end) or a quoted key.
 * Only own properties are visible. Other languages of conditions begin their paths elsewhere: the roots are a parameter.
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import { traceIdOf } from './trace-context.ts'

/** A missing value is `undefined`, which JSON does not have. */
export type Resolve<Context> = (context: Context) => unknown

/** Where a path begins. `rest` are the segments behind the first one; a root that takes some of them answers the others. */
export type Roots<Context> = (
  root: string,
  rest: readonly string[],
) => { from: Resolve<Context>; rest: readonly string[] } | undefined

/** The values that conditions on an event read. */
export interface EventAndPayload {
  event: EventFacts
  payload: unknown
}

const PATH_CHARACTERS_MAX = 255
const SEGMENTS_MAX = 32
const INDEX = /^-?(?:0|[1-9]\d{0,8})$/
const SEGMENT = /\.?([^.[\]'"\s][^.[\]]*)|\[(-?(?:0|[1-9]\d{0,8}))\]|\[(?:'([^']*)'|"([^"]*)")\]/uy

/** The fields of the envelope. A field that an event does not have is missing, not null. */
const ENVELOPE: Readonly<Record<string, (event: EventFacts) => unknown>> = {
  id: event => event.eventId,
  sequence: event => event.sequence,
  type: event => event.type,
  canonicalName: event => event.canonicalName,
  organizationId: event => event.organizationId,
  environment: event => event.environment,
  source: event => event.source,
  subject: event => event.subject ?? undefined,
  actorId: event => event.actorId,
  time: event => new Date(event.timeMs).toISOString(),
  recordedAt: event => new Date(event.recordedAtMs).toISOString(),
  schemaVersion: event => event.schemaVersion,
  schemaHash: event => event.schemaHash,
  kind: event => event.kind ?? undefined,
  correlationId: event => event.correlationId ?? undefined,
  causationId: event => event.causationId ?? undefined,
  traceId: event => traceIdOf(event.traceparent) ?? undefined,
  chain: event => ({ rootEventId: event.rootEventId, depth: event.depth, workflowPath: event.path }),
  federation: event => event.federation ?? undefined,
}

/** The roots of conditions on an event. */
export const eventRoots: Roots<EventAndPayload> = (root, rest) => {
  if (root === 'payload' || root === 'data') return { from: ({ payload }) => payload, rest }
  const field = Object.hasOwn(ENVELOPE, root) ? ENVELOPE[root] : undefined
  return field && { from: ({ event }) => field(event), rest }
}

/** Compiles a path; undefined when it is malformed or begins at none of the roots. */
export function parsePath<Context>(text: string, roots: Roots<Context>): Resolve<Context> | undefined {
  const [root, ...rest] = segmentsOf(text) ?? []
  const start = root === undefined ? undefined : roots(root, rest)
  return start && (context => follow(start.from(context), start.rest))
}

/** The segments of a path; undefined when it is malformed. */
export function segmentsOf(text: string): string[] | undefined {
  if (text.length > PATH_CHARACTERS_MAX || text.startsWith('.')) return undefined
  const segments: string[] = []
  SEGMENT.lastIndex = 0
  while (SEGMENT.lastIndex < text.length) {
    const at = SEGMENT.lastIndex
    const match = SEGMENT.exec(text)
    if (match === null || segments.length === SEGMENTS_MAX) return undefined
    const [whole, name, index, single, double] = match
    // `a b`: a name that follows without a dot.
    if (name !== undefined && at > 0 && !whole.startsWith('.')) return undefined
    segments.push(name ?? index ?? single ?? double ?? '')
  }
  return segments
}

/** The value at the segments, by own properties only. */
export function follow(from: unknown, segments: readonly string[]): unknown {
  let value = from
  for (const segment of segments) {
    if (Array.isArray(value)) value = INDEX.test(segment) ? value.at(Number(segment)) : undefined
    else if (typeof value === 'object' && value !== null && Object.hasOwn(value, segment))
      value = (value as Record<string, unknown>)[segment]
    else return undefined
  }
  return value
}
