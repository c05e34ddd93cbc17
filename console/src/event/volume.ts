/** Emits by hour for the plot of the log: those without any are there, too. */
import type { Bucket } from '../parts/bars.tsx'

export const HOUR_MS = 3_600_000

export function volumeOf(
  found: ReadonlyArray<{ start: string; meter: string; count: number }>,
  from: string,
  to: string | undefined,
): Bucket[] {
  const counts = new Map(found.map(({ start, meter, count }) => [`${meter} ${Date.parse(start)}`, count]))
  const endMs = to === undefined ? Date.now() : Date.parse(to)
  const buckets: Bucket[] = []
  for (let ms = Math.floor(Date.parse(from) / HOUR_MS) * HOUR_MS; ms < endMs; ms += HOUR_MS)
    buckets.push({
      start: new Date(ms).toISOString(),
      good: counts.get(`emits ${ms}`) ?? 0,
      bad: counts.get(`emits_rejected ${ms}`) ?? 0,
    })
  return buckets
}
