/** Searches by chance are as long as they need to be to find their faults again; `CLARION_PROOF_TIMES` makes them so many times as long. */
export const TIMES = Number(process.env.CLARION_PROOF_TIMES ?? 1)
