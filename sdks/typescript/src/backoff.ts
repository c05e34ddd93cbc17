/** Pauses between attempts that may go on for ever. */
import type { Random } from './clock.ts'

const FIRST_MS = 250
const LONGEST_MS = 30_000
/** For somebody who was there and is expected back. */
export const LONGEST_AWAY_MS = 5_000

/** 250 ms after the first failure, doubled with each one up to the longest, and shortened by chance by up to a half, so that clients spread out. */
export function pauseMs(failures: number, random: Random, longestMs = LONGEST_MS): number {
  return Math.min(FIRST_MS * 2 ** (failures - 1), longestMs) * (1 - random.uniform() / 2)
}
