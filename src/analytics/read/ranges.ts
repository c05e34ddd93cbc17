/** Time ranges of callers, normalised and clamped to the years that ClickHouse accepts. */
import { ClarionError } from '../../model/codes.ts'
import { parseTime } from '../../model/time.ts'

/** ISO 8601 in UTC with milliseconds; null: no bound. */
export interface Range {
  from: string | null
  to: string | null
}

/** The range of `DateTime`, which has fewer years than `DateTime64`; every row is within it. */
const FIRST_MS = 0
const LAST_MS = Date.UTC(2106, 0)

/** Throws `validation_failed` for a text that is not a time. */
export function rangeOf({ from, to }: { from?: string | null | undefined; to?: string | null | undefined }): Range {
  return { from: boundOf('from', from), to: boundOf('to', to) }
}

function boundOf(name: 'from' | 'to', text: string | null | undefined): string | null {
  if (text === undefined || text === null) return null
  const ms = parseTime(text)
  if (ms !== undefined) return new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS)).toISOString()
  const details = [
    { path: `/${name}`, rule: 'format', message: 'must be a date and time with a zone, such as 2026-03-01T00:00:00Z' },
  ]
  throw new ClarionError('validation_failed', `The parameter '${name}' is no time.`, { details })
}
