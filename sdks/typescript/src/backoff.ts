/** Pauses between attempts that may continue without end. */
import type { Random } from './clock.ts'

const FIRST_MS = 250
const LONGEST_MS = 30_000
/** For a peer that answered before and is expected back. */
export const LONGEST_AWAY_MS = 5_000

/**
 * 250 ms after the first failure, doubled each time up to the longest, and shortened randomly by up to a half, so that
 * clients spread out.
 */
export function pauseMs(failures: number, random: Random, longestMs = LONGEST_MS): number {
  return Math.min(FIRST_MS * 2 ** (failures - 1), longestMs) * (1 - random.uniform() / 2)
}
