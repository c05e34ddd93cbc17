/** Times as callers write them: RFC 3339. */

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const DAY_MINUTES = 24 * 60

/** Longest text that is parsed as a time; a longer one could only add digits to the fraction of a second. */
export const TIME_CHARACTERS_MAX = 65_536

/**
 * Milliseconds since 1970, rounded down; undefined when it is not a date and time with a zone, or no such day or minute
 * exists. A leap second (`:60`, the last of a day in UTC, as in the format `date-time` of schemas) counts as the second
 * after it, as in POSIX time.
 */
export function parseTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = match
  if (
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60 ||
    Number(zoneHour) > 23 ||
    Number(zoneMinute) > 59
  )
    return undefined
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`)
  // V8 parses 30 February as 2 March.
  if (Number.isNaN(midnight) || new Date(midnight).getUTCDate() !== Number(day)) return undefined
  const minutes = Number(hour) * 60 + Number(minute)
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  if (second === '60' && (minutes - zone + DAY_MINUTES) % DAY_MINUTES !== DAY_MINUTES - 1) return undefined
  const local = (minutes * 60 + Number(second)) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'))
  return midnight + local - zone * 60_000
}

/** The message for a text that is not a time. */
export const NOT_A_TIME = 'must be a date-time with a zone (RFC 3339)'

/** An emit may set its event time, within a day of the time of recording. */
export const TIME_TOLERANCE_MS = 86_400_000

export const isNear = (timeMs: number, recordedAtMs: number): boolean =>
  Math.abs(timeMs - recordedAtMs) <= TIME_TOLERANCE_MS
