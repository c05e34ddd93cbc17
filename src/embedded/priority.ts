/**
 * Which of the embedded parts gets the processor first when there is not enough of it. An emit is waited for; its history, and the broker's compiler,
 * are not.
 */
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A nice value (POSIX, 0 to 19): a tenth of the weight that the others have. Beside an idle processor it changes nothing. */
export const GIVING_WAY = 10

/**
 * Lets this process, and all threads that it starts from now on, give way to the others. Linux shares the processor between sessions first
 * (sched(7), "The autogroup feature"), and a service of ours has a session of its own: so the session gives way as well. Where the system does not
 * allow it, all stay equal.
 */
export function giveWay(): void {
  try {
    setPriority(GIVING_WAY)
    if (process.platform === 'linux') writeFileSync('/proc/self/autogroup', String(GIVING_WAY))
  } catch {
    // No such thing here: it is about speed only.
  }
}
