/**
 * Processor priority of the embedded parts. Producers wait for an emit; nothing waits for its history, or for the
 * broker's compiler.
 */
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A nice value (POSIX, 0 to 19): a tenth of the weight of the others. While a processor is idle it has no effect. */
export const LOW_PRIORITY = 10

/**
 * Lowers the priority of this process, and of all threads that it starts from now on. Linux first shares the processor
 * between sessions (sched(7), "The autogroup feature"), and a service has a session of its own: so the session's
 * priority is lowered as well. Where the system does not allow it, the priority stays.
 */
export function lowerPriority(): void {
  try {
    setPriority(LOW_PRIORITY)
    if (process.platform === 'linux') writeFileSync('/proc/self/autogroup', String(LOW_PRIORITY))
  } catch {
    // Not supported here: it affects speed only.
  }
}
