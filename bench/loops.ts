/** Constant arrival: a request is sent when it is due, whatever became of those before it. */
import type { Clock } from '../src/clock.ts'

export interface Arrivals {
  /** From just before the request until its answer is read, ms; of the good answers. */
  latenciesMs: number[]
  /** How late each request was sent, ms: beyond a few the generator was not on time and the run is worth nothing. */
  lagsMs: number[]
  /** Errors of the others. */
  failures: string[]
}

/** `send` resolves when the answer is good and throws a sentence when it is not. Resolves when all have been answered. */
export async function openLoop(
  clock: Clock,
  ratePerS: number,
  seconds: number,
  send: (n: number) => Promise<void>,
): Promise<Arrivals> {
  const arrivals: Arrivals = { latenciesMs: [], lagsMs: [], failures: [] }
  const under: Promise<void>[] = []
  const startMs = clock.monotonicMs()
  const dueMs = (n: number) => startMs + (n * 1_000) / ratePerS

  async function one(n: number): Promise<void> {
    const sentMs = clock.monotonicMs()
    arrivals.lagsMs.push(sentMs - dueMs(n))
    try {
      await send(n)
      arrivals.latenciesMs.push(clock.monotonicMs() - sentMs)
    } catch (error) {
      arrivals.failures.push((error as Error).message)
    }
  }

  for (let n = 0; n < ratePerS * seconds; ) {
    while (n < ratePerS * seconds && dueMs(n) <= clock.monotonicMs()) under.push(one(n++))
    await clock.sleep(Math.max(1, dueMs(n) - clock.monotonicMs()))
  }
  await Promise.all(under)
  return arrivals
}

/** One after the other, `inFlight` at a time, for as long as `seconds`. Answers what `send` counted, per second. */
export async function closedLoop(
  clock: Clock,
  inFlight: number,
  seconds: number,
  send: (lane: number) => Promise<number>,
): Promise<number> {
  const startMs = clock.monotonicMs()
  let count = 0
  async function lane(number: number): Promise<void> {
    while (clock.monotonicMs() - startMs < seconds * 1_000) {
      const done = await send(number)
      count += done
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, number) => lane(number)))
  return count / ((clock.monotonicMs() - startMs) / 1_000)
}
