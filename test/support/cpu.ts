/**
 * The cost of work in units that mean the same on every machine, however busy: its CPU time (all threads of this process) divided by that of a
 * fixed piece of work, measured beside it. One unit is about 10 ms on a machine of 2025.
 */

const TEXT = JSON.stringify(
  Array.from({ length: 10_000 }, (_, n) => ({ n, name: `name ${n}`, inner: { at: n / 7, is: n % 2 === 0 } })),
)
const RUNS = 3

/** Starts to count; each call answers the units since. */
export function countCost(): () => number {
  const countMs = countCpu()
  return () => {
    const ms = countMs()
    return ms / unitMs()
  }
}

/** How many times as much the second costs as the first, by the least of three runs of each. Work below one unit counts as one. */
export async function growth(first: () => unknown, second: () => unknown): Promise<number> {
  const unit = unitMs()
  const [small, large] = [await leastMs(first), await leastMs(second)]
  return Math.max(large, unit) / Math.max(small, unit)
}

async function leastMs(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run++) {
    const countMs = countCpu()
    await work()
    least = Math.min(least, countMs())
  }
  return least
}

/** The most of three runs: where the machine is uneven, the bound is wider. */
function unitMs(): number {
  let most = 0
  for (let run = 0; run < RUNS; run++) {
    const countMs = countCpu()
    JSON.stringify(JSON.parse(TEXT))
    most = Math.max(most, countMs())
  }
  return most
}

function countCpu(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
}
