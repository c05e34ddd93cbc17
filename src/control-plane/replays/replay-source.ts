/** The events of a new replay: docs/specification/replays.md#range-and-selection. */
import { DAY_MS } from '../../../topics/topic.ts'
import { parseConditions } from '../../events/conditions.ts'
import { notASelector, parseSelector } from '../../events/selector.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ConditionGroup } from '../../model/conditions.ts'
import type { Replay } from '../../model/replays.ts'

/** As long as the log keeps an event. */
export const EVENT_RETENTION_MS = 30 * DAY_MS
/** Tolerated lead of a caller's clock. */
const AHEAD_MS_MAX = 5_000

export interface ReplaySource {
  /** ISO 8601, by the time of recording. */
  from?: string | undefined
  /** A cursor of the log in place of `from`, with its offsets; `isClamped`: the log begins later. */
  cursor?: { text: string; offsets: number[]; isClamped: boolean } | undefined
  /** Exclusive; now if absent. */
  to?: string | undefined
  /** Instead of a range. */
  eventIds?: string[] | undefined
  selectors?: string[] | undefined
  subject?: string | null | undefined
  conditions?: unknown
}

type SourceFields = Pick<
  Replay,
  'from' | 'to' | 'fromCursor' | 'fromOffsets' | 'eventIds' | 'selectors' | 'subject' | 'conditions'
>

/** Throws `invalid_range`, `outside_retention`, `invalid_event_selector`, `validation_failed`. */
export function checkedSource(
  source: ReplaySource,
  nowMs: number,
  { sourcePath: prefix = '/source', fromPath = `${prefix}/from` }: { sourcePath?: string; fromPath?: string },
): { fields: SourceFields; warnings: string[] } {
  const { range, warnings } = checkedRange(source, nowMs, { prefix, fromPath })
  const conditions = checkedConditions(source.conditions, `${prefix}/conditions`)
  const fields: SourceFields = {
    ...range,
    selectors: checkedSelectors(source.selectors ?? [], `${prefix}/selectors`),
    ...(source.eventIds !== undefined && { eventIds: [...new Set(source.eventIds)] }),
    ...(typeof source.subject === 'string' && { subject: source.subject }),
    ...(conditions !== null && { conditions }),
  }
  return { fields, warnings }
}

/** The part older than the retention of events is cut off; an empty rest is an error. */
function checkedRange(source: ReplaySource, nowMs: number, { prefix, fromPath }: { prefix: string; fromPath: string }) {
  const { from, to, cursor } = source
  const keptFromMs = nowMs - EVENT_RETENTION_MS
  const toMs = to === undefined ? nowMs : Date.parse(to)
  // Events that are named are replayed whenever they were recorded.
  const fromMs = from === undefined ? keptFromMs : Date.parse(from)
  const refuse = (path: string, message: string) =>
    new ClarionError('invalid_range', message, { details: [{ path, rule: 'range', message }] })
  if (toMs > nowMs + AHEAD_MS_MAX) throw refuse(`${prefix}/to`, 'The end of the range is in the future.')
  if (from !== undefined && fromMs >= toMs) throw refuse(fromPath, 'The range begins at or after its end.')
  if (toMs <= keptFromMs) {
    const message = 'Events of that time are no longer kept.'
    throw new ClarionError('outside_retention', message, {
      details: [{ path: `${prefix}/to`, rule: 'retention', message }],
    })
  }
  const isClamped = fromMs < keptFromMs || cursor?.isClamped === true
  return {
    range: {
      from: new Date(Math.max(fromMs, keptFromMs)).toISOString(),
      to: new Date(toMs).toISOString(),
      ...(cursor && { fromCursor: cursor.text, fromOffsets: cursor.offsets }),
    },
    warnings: isClamped ? ['range_clamped'] : [],
  }
}

function checkedSelectors(selectors: string[], path: string): string[] {
  const details: Finding[] = selectors.flatMap((selector, index) =>
    parseSelector(selector) === undefined
      ? [{ path: `${path}/${index}`, rule: 'selector', message: notASelector(selector) }]
      : [],
  )
  if (details.length > 0) throw new ClarionError('invalid_event_selector', `${details[0]!.message}.`, { details })
  return [...new Set(selectors)]
}

function checkedConditions(input: unknown, path: string): ConditionGroup | null {
  if (input === undefined || input === null) return null
  const parsed = parseConditions(input, path)
  if (parsed.ok) return parsed.conditions
  const [first] = parsed.findings
  const message = `The conditions are wrong at '${first?.path}': ${first?.message}.`
  throw new ClarionError('validation_failed', message, { details: parsed.findings })
}
