/**
 * W3C trace context, level 1 (`traceparent`): the trace that something belongs to, and its parent span. It travels with
 * an event through every hop as it was read here; a malformed value counts as absent, as section 3.2.2 of the standard
 * requires.
 */

/** `00-<trace id>-<parent id>-<flags>`, lower-case hexadecimal; a later version may have more behind it. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const CHARACTERS_MAX = 255
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)
const SAMPLED = 1
export const TRACE_ID = { start: 3, end: 35 }

export interface TraceContext {
  traceId: string
  spanId: string
  flags: number
}

/** The header's value in the form of version 00, or null when it is absent or malformed. */
export function readTraceparent(header: string | Buffer | string[] | undefined): string | null {
  if (header === undefined || Array.isArray(header) || header.length > CHARACTERS_MAX) return null
  const [, version, traceId, spanId, flags, more] =
    TRACEPARENT.exec(typeof header === 'string' ? header : header.toString('latin1')) ?? []
  if (version === undefined || version === 'ff' || traceId === NO_TRACE || spanId === NO_SPAN) return null
  if (version === '00') return more === undefined ? `00-${traceId}-${spanId}-${flags}` : null
  // A later version may define more flags; only this one is known.
  return `00-${traceId}-${spanId}-0${Number.parseInt(flags!, 16) & SAMPLED}`
}

/** The parts of a value from `readTraceparent` or from a span of the platform. */
export function parseTraceparent(traceparent: string): TraceContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-')
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

export const formatTraceparent = ({ traceId, spanId, flags }: TraceContext): string =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`

/** The envelope's `traceId`. */
export const traceIdOf = (traceparent: string | null): string | null =>
  traceparent === null ? null : traceparent.slice(TRACE_ID.start, TRACE_ID.end)

/** Whether an upstream service decided to record this trace. */
export const isSampled = (traceparent: string): boolean => (parseTraceparent(traceparent).flags & SAMPLED) !== 0
