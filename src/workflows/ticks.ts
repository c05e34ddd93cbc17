/**
 * The ticks of a schedule: wall-clock minutes of its time zone. A local time that a change of the clock skips ticks at the
 * change, one that it repeats ticks once.
 */
import { Cron } from 'croner'

export interface Ticks {
  /** The first one after this time; undefined: there is none. */
  after(ms: number): number | undefined
  /** Of those up to this time, the newest ones, oldest first. */
  upTo(ms: number, most: number): number[]
}

/** Throws for a pattern or a time zone that is none. */
export function ticksOf({ cron, timeZone }: { cron: string; timeZone: string }): Ticks {
  const pattern = new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true })
  return {
    after: ms => pattern.nextRun(new Date(ms))?.getTime(),
    // The reference itself is not among them.
    upTo: (ms, most) =>
      pattern
        .previousRuns(most, new Date(ms + 1_000))
        .map(date => date.getTime())
        .filter(tick => tick <= ms)
        .reverse(),
  }
}
