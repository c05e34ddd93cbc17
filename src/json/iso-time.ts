/** Times as text. Those of one second differ in their milliseconds alone, so the rest is made once for all that come together. */
let second = Number.NaN
let upToSecond = ''

/** As `toISOString`, of ms since 1970. Throws where that does. */
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
