/**
 * A budget for validating one value. Depth, size and patterns are bounded individually, but a quarter of a megabyte of
 * text under a pattern of thousands of instructions, or a hundred thousand items under fifty alternatives, would still
 * delay every other organization of the process for seconds. So the work is counted, and a value beyond the budget is
 * refused; the verdict is never guessed.
 */

/** Thrown from inside a validation; `createJudge` turns it into a finding. */
export class TooCostly extends Error {}

/** About 80 ms at most. A value costs 2; a character under a pattern costs 4 for each of its instructions. */
const WORK_MAX = 4_000_000
export const VALUE_WORK = 2
/** Findings of alternatives are created and discarded again. */
export const FINDING_WORK = 100
const INSTRUCTION_WORK = 4

/** Global, because validation is synchronous: one value at a time. */
let left = 0

export function beginWork(): void {
  left = WORK_MAX
}

export function spend(work: number): void {
  left -= work
  if (left < 0) throw new TooCostly()
}

export const spendOnPattern = (instructions: number, characters: number): void =>
  spend(INSTRUCTION_WORK * instructions * characters)
