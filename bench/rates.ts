/** From samples to figures. */

/** How far it was at a time: `total` records done, counted from the start of the measurement. */
export interface Sample {
  atMs: number
  total: number
}

const FROM = 0.1
const TO = 0.9

/** Records a second between 10 % and 90 % of `count`, so that neither starting nor ending counts. Samples are in order, totals cumulative. */
export function steadyRate(samples: readonly Sample[], count: number): number {
  const seconds = (reachedAtMs(samples, TO * count) - reachedAtMs(samples, FROM * count)) / 1_000
  return ((TO - FROM) * count) / seconds
}

/** When `total` was reached, drawn as a line between the samples around it. */
function reachedAtMs(samples: readonly Sample[], total: number): number {
  const after = samples.findIndex(sample => sample.total >= total)
  if (after < 1) throw new Error(`the samples do not cover ${total} records`)
  const [a, b] = [samples[after - 1]!, samples[after]!]
  return a.atMs + ((total - a.total) / (b.total - a.total)) * (b.atMs - a.atMs)
}

/** Nearest rank; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)
