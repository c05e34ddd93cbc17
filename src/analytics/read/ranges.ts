/** Ranges of time as callers name them, in the one form and within the years that ClickHouse takes. */
import { ClarionError } from '../../model/codes.ts'
import { parseTime } from '../../model/time.ts'

/** ISO 8601 in UTC with milliseconds; null: no bound. */
export interface Range {
  from: string | null
  to: string | null
}

/** Of `DateTime`, whose years are fewer than those of `DateTime64`; no row is older or newer. */
const FIRST_MS = 0
const LAST_MS = Date.UTC(2106, 0)

/** Throws `validation_failed` for what is no time. */
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
