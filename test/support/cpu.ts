/** The cost of work, independent of the machine's other load: CPU time of this process, all its threads. */

/** Starts to count; each call answers the milliseconds since. */
export function countCpu(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
}
