/** Parts that come back after a strike: on the address that the processes know, or not at all. */
import type { Clock } from '../src/clock.ts'

const TRIES = 10
const PAUSE_MS = 1_000

/** Starts what may not start at once: another part may still hold what it needs. */
export async function again<T>(
  what: string,
  start: () => Promise<T>,
  deps: { clock: Clock; say(sentence: string): void },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start()
    } catch (error) {
      if (tries === TRIES) throw error
      deps.say(`${what} does not start: ${(error as Error).message}`)
      await deps.clock.sleep(PAUSE_MS)
    }
  }
}

/** The processes know one address. Another program on the machine may have taken the port meanwhile: that says nothing about the platform. */
export async function sameAddress<T>(
  before: string,
  start: () => Promise<T>,
  addressOf: (started: T) => string,
): Promise<T> {
  const started = await start()
  if (addressOf(started) !== before)
    throw new PortTaken(`another program has taken the port of ${before}: run it again`)
  return started
}

export class PortTaken extends Error {}
