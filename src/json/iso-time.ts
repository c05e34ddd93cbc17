/**
 * Times as text. Times of one second differ in their milliseconds only, so the prefix is cached for the second used
 * last.
 */
let second = Number.NaN
let upToSecond = ''

/** Same result as `toISOString`, for ms since 1970. Throws when that does. */
export function isoTime(ms: number): string {
  const whole = Math.trunc(ms)
  const inSecond = ((whole % 1_000) + 1_000) % 1_000
  if (whole - inSecond !== second) {
    // `2026-07-01T12:00:00.` of `2026-07-01T12:00:00.000Z`, and as much of the longer years of the far past and future.
    upToSecond = new Date(ms).toISOString().slice(0, -4)
    second = whole - inSecond
  }
  return `${upToSecond}${String(inSecond).padStart(3, '0')}Z`
}
