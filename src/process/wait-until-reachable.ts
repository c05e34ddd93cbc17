/** Waiting, at the start of a process, for a part that is away. */
import type { Clock } from '../clock.ts'

/** A restarting part is back within seconds: a process that starts meanwhile waits instead of giving up. */
const WAIT_MS_MAX = 30_000
const PAUSE_MS = 500

/**
 * Calls until it answers. `causeIfAway`: the reason why the part is away, or undefined for any other error, which is
 * thrown unchanged. Throws one clear sentence if there is no answer for half a minute.
 */
export async function reach<T>(
  part: { name: string; at: string; clock: Clock; progress: { warn(sentence: string): void } },
  call: () => Promise<T>,
  causeIfAway: (error: unknown) => Error | undefined,
): Promise<T> {
  const { name, at, clock } = part
  const deadlineMs = clock.monotonicMs() + WAIT_MS_MAX
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (error) {
      const cause = causeIfAway(error)
      if (cause === undefined) throw error
      if (clock.monotonicMs() > deadlineMs)
        throw new Error(`${name} cannot be reached at ${at}: ${cause.message}`, { cause })
      if (tries === 1) part.progress.warn(`${name} does not answer at ${at}; trying for ${WAIT_MS_MAX / 1000} s …`)
      await clock.sleep(PAUSE_MS)
    }
  }
}
