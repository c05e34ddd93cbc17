/**
 * What judging one value may cost. Depth, size and patterns are bounded each for itself, but a quarter of a megabyte of text under a pattern of
 * thousands of instructions, or a hundred thousand items under fifty alternatives, would still hold up every other organization of the process
 * for seconds. So the work is counted, and who asks for more of it than anybody needs is refused; the answer is never guessed.
 */

/** Thrown out of the middle of judging; `createJudge` turns it into a finding. */
export class TooCostly extends Error {}

/** About 80 ms at most. A value is 2; a character under a pattern is 4 for each instruction of it. */
const WORK_MAX = 4_000_000
export const VALUE_WORK = 2
/** Findings of alternatives are made and thrown away again. */
export const FINDING_WORK = 100
const INSTRUCTION_WORK = 4

/** Judging is synchronous: there is one value at a time. */
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
