/**
 * A budget for comparing two schemas. A proof by cases may take exponential time; beyond the budget the change counts as
 * not proved. Work is counted, never timed: the verdict is the same on every machine.
 */

export class ProofTooLong extends Error {}

/** Less than 50 ms on the machine of the benchmarks. */
const STEPS_MAX = 7_500

/** Of several comparisons together. */
let allowance = Number.POSITIVE_INFINITY

/** Global, because a comparison is synchronous: one at a time. */
let left = STEPS_MAX

export function beginProof(): void {
  left = Math.min(STEPS_MAX, allowance)
}

/** Runs several comparisons that share `steps`. */
export function limitProofs<Result>(steps: number, run: () => Result): Result {
  allowance = steps
  try {
    return run()
  } finally {
    allowance = Number.POSITIVE_INFINITY
  }
}

export function spend(steps: number): void {
  left -= steps
  allowance -= steps
  if (left < 0) throw new ProofTooLong()
}
