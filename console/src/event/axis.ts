/**
 * The time axis of an event's picture. It is logarithmic from the first milliseconds on, so that 4 ms of admission and
 * 12 h of retries are both readable.
 */
const UNIT_MS = 5

const depth = (ms: number) => Math.log10(1 + Math.max(0, ms) / UNIT_MS)

/** From milliseconds after the emit to 0–1; `longestMs` is at 1. */
export const createAxis = (longestMs: number) => {
  const whole = depth(Math.max(1, longestMs))
  return (ms: number): number => Math.min(1, depth(ms) / whole)
}
