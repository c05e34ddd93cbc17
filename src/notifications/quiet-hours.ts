/** Quiet hours: a span of the day by the clock of a time zone, so that it follows daylight saving time. */
import type { QuietHours } from '../model/notifications.ts'

/** One for each time zone in use; building one costs about a hundred times as much as using it. */
const FORMATS_MAX = 500
const formats = new Map<string, Intl.DateTimeFormat>()

/** Whether the time is within the quiet hours: from `from` on, and before `to`. */
export function isQuiet({ from, to, timeZone }: QuietHours, atMs: number): boolean {
  const now = clockIn(timeZone, atMs)
  return from < to ? now >= from && now < to : now >= from || now < to
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** `HH:MM` there. */
function clockIn(timeZone: string, atMs: number): string {
  let format = formats.get(timeZone)
  if (format === undefined) {
    if (formats.size >= FORMATS_MAX) formats.clear()
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    formats.set(timeZone, format)
  }
  return format.format(atMs)
}
