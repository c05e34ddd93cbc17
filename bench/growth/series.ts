/** The cost of one thing as it grows: points, the cost at each beside that of the first, and the knee. */
import { type Row, short, whole } from '../table.ts'

export interface Cost {
  /** CPU of all parts of the platform for 1,000 emits, ms. */
  cpuMs: number
  /** Of a platform process, after the load; MB. */
  rssMb: number
  /** Of one emit over HTTP until its verdict, ms. */
  latencyMs?: { p50: number; p99: number }
  /** Admitted from full topics. */
  emitsPerS?: number
  /** The payloads of those. */
  mbPerS?: number
}

export interface Point {
  at: number
  cost: Cost
}

export interface Series {
  /** The growing thing, and the load. */
  of: string
  unit?: string
  /** In ascending order of `at`. */
  points: Point[]
}

/** CPU per event beyond so many times that of the first point is behind the knee. */
export const KNEE = 1.5

/**
 * The last point before the cost of an event rises beyond `KNEE` times that of the first point, for good or not; undefined when it never
 * does. A series that rises at once has its knee at the first point.
 */
export function kneeOf({ points }: Series): number | undefined {
  const limit = KNEE * points[0]!.cost.cpuMs
  const beyond = points.findIndex(({ cost }) => cost.cpuMs > limit)
  return beyond < 0 ? undefined : points[beyond - 1]!.at
}

/** A row for each point, and one for the knee. */
export function rowsOf(series: Series): Row[] {
  const { of, points } = series
  const [first, last] = [points[0]!, points.at(-1)!]
  const at = (point: number) => `${point < 1 ? point : whole(point)}${series.unit ? ` ${series.unit}` : ''}`
  const knee = kneeOf(series)
  return [
    ...points.map(point => ({
      figure: `${of}: ${at(point.at)}; CPU ms per 1,000 emits`,
      clarion: tell(point.cost),
      baseline: `${whole(first.cost.cpuMs)} (at ${at(first.at)})`,
      ratio: short(point.cost.cpuMs / first.cost.cpuMs),
      goal: '–',
      holds: undefined,
    })),
    {
      figure: `${of}: the knee, last point up to ${KNEE} × the first`,
      clarion: knee === undefined ? `none up to ${at(last.at)}` : at(knee),
      baseline: '',
      ratio: '',
      goal: '–',
      holds: undefined,
    },
  ]
}

export function tell({ cpuMs, rssMb, latencyMs, emitsPerS, mbPerS }: Cost): string {
  const more = [
    ...(emitsPerS === undefined ? [] : [`${whole(emitsPerS)} emits/s`]),
    ...(mbPerS === undefined ? [] : [`${short(mbPerS)} MB/s`]),
    ...(latencyMs === undefined ? [] : [`p50 / p99 ${short(latencyMs.p50)} / ${short(latencyMs.p99)} ms`]),
    `RSS ${whole(rssMb)} MB`,
  ]
  return `${whole(cpuMs)} (${more.join(', ')})`
}

const FULL_RECORDS = 50_000

/** The sizes of a series, beyond the first as much smaller as `--records` is than its full number. */
export function scaled(sizes: readonly number[], records: number): number[] {
  const [first, ...others] = sizes as [number, ...number[]]
  const smaller = others.map(size => Math.round((size * Math.min(records, FULL_RECORDS)) / FULL_RECORDS))
  return [first, ...smaller.filter(size => size > first)]
}
