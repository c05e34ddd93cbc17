/** Meters over time: together or in groups, as JSON or as cells. */
import type { Grouping } from '../../analytics/read/figure-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import {
  bucketEndMs,
  bucketStart,
  FIGURE_METERS,
  type FigureMeter,
  type UsageInterval,
} from '../../analytics/read/usage-reads.ts'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import { ownerOf } from '../http/caller.ts'
import { csvLine } from '../http/csv.ts'
import type { Answer, Call } from '../http/route.ts'
import { figureRange } from '../http/time-range.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Thirteen months, the longest of which have 31 days. */
const MOST_MS = { hour: 90 * DAY_MS, day: 397 * DAY_MS, month: 397 * DAY_MS } as const
const DEFAULT_MS = { hour: 7 * DAY_MS, day: 30 * DAY_MS, month: 365 * DAY_MS } as const

/** The columns that emits and attempts behind a meter share. */
const GROUPS_OF: Partial<Record<FigureMeter, readonly Grouping[]>> = {
  emits: ['type', 'key', 'source'],
  emits_rejected: ['type', 'key', 'source', 'code'],
  webhook_attempts: ['type', 'webhook'],
  deliveries_succeeded: ['type', 'webhook'],
  federation_relays: ['type', 'key', 'source'],
}

interface Query {
  meter?: FigureMeter
  meters?: string
  interval?: UsageInterval
  groupBy?: Grouping
  from?: string
  to?: string
}

interface Bucket {
  start: string
  meter: string
  group?: string | null
  count: number
}

export function createTimeseries(deps: { reads: Pick<Reads, 'usageTimeseries' | 'usageGrouped'>; clock: Clock }) {
  const { reads, clock } = deps

  /** Whole buckets that are not empty, oldest first. Without `from`: 7 days by hour, 30 by day, a year by month. */
  return async (call: Call): Promise<Answer> => {
    const { interval = 'hour', groupBy, ...query } = call.query as Query
    const meters = metersOf(query)
    const nowMs = clock.nowMs()
    const range = figureRange(query, {
      ...{ nowMs: nowMs + HOUR_MS, defaultMs: DEFAULT_MS[interval], mostMs: MOST_MS[interval] },
      what: interval === 'hour' ? 'hours are answered over 90 days' : 'days and months are answered over 13 months',
    })
    const of = { ...ownerOf(call), to: range.to, bucket: interval }
    const found: Bucket[] =
      groupBy === undefined
        ? await reads.usageTimeseries({ ...of, from: range.from, meters })
        : await reads.usageGrouped({
            ...{ ...of, from: bucketStart(range.from, interval), dimension: groupBy },
            meters: grouped(meters, groupBy),
          })
    const data = found.map(bucket => ({ ...bucket, complete: bucketEndMs(bucket.start, interval) <= nowMs }))
    if (call.headers.accept?.includes('text/csv') !== true) return { data, nextCursor: null }
    const lines = data.map(({ start, meter, group = '', count }) => csvLine([start, meter, group, count]))
    return { plain: { contentType: 'text/csv; charset=utf-8', body: csvLine(COLUMNS) + lines.join('') } }
  }
}

const COLUMNS = ['start', 'meter', 'group', 'count']

function metersOf({ meter, meters }: Query): FigureMeter[] {
  const named = [...new Set([...(meter === undefined ? [] : [meter]), ...(meters ?? '').split(',').filter(Boolean)])]
  const unknown = named.find(each => !(FIGURE_METERS as readonly string[]).includes(each))
  if (unknown !== undefined)
    throw refused('/meters', `names ${unknown}, which is no meter: ${FIGURE_METERS.join(', ')}`)
  return named as FigureMeter[]
}

/** The named meters, or all that can be grouped so. */
function grouped(meters: FigureMeter[], by: Grouping): FigureMeter[] {
  const possible = FIGURE_METERS.filter(meter => GROUPS_OF[meter]?.includes(by))
  const wrong = meters.find(meter => !possible.includes(meter))
  if (wrong !== undefined) throw refused('/groupBy', `cannot group ${wrong} by ${by}: ${possible.join(', ')} can be`)
  return meters.length === 0 ? possible : meters
}

function refused(path: string, message: string): ClarionError {
  return new ClarionError('validation_failed', `The parameter ${path.slice(1)} ${message}.`, {
    details: [{ path, rule: 'meter', message }],
  })
}
