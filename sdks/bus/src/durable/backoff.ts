/** Pauses between attempts that may continue without end. */
import type { Random } from '../clock.ts'

const FIRST_MS = 250
const LONGEST_MS = 10_000

/** 250 ms after the first failure, doubled each time up to 10 s, and shortened randomly by up to a half, so that clients spread out. */
export function pauseMs(failures: number, random: Random): number {
  return Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 10), LONGEST_MS) * (1 - random.uniform() / 2)
}
