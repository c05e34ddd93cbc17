/** Times as callers write them: RFC 3339. */

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** Milliseconds since 1970; undefined when it is not a date and time with a zone, or no such day or minute exists. */
export function parseTime(text: string): number | undefined {
  const match = DATE_TIME.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || Number(zoneHour) > 23 || Number(zoneMinute) > 59) return undefined
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`)
  // The engine takes 30 February for 2 March.
  if (Number.isNaN(midnight) || new Date(midnight).getUTCDate() !== Number(day)) return undefined
  const local = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3))
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000 * (sign === '-' ? -1 : 1)
  return midnight + local - zone
}

/** An emit may name when it happened, within a day of when it was recorded (C.0.3). */
export const TIME_TOLERANCE_MS = 86_400_000

export const isNear = (timeMs: number, recordedAtMs: number): boolean => Math.abs(timeMs - recordedAtMs) <= TIME_TOLERANCE_MS
