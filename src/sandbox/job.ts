/** Code of an organization as a job for a sandbox, and what becomes of it. Both travel as JSON. */

export interface Job {
  /** The body of a function of `input`. */
  code: string
  /** JSON. */
  input: string
  timeoutMs: number
  memoryMb: number
  /** The time that the code sees, ms since 1970. */
  nowMs: number
  /** Four words: `Math.random()` follows from them. */
  seed: readonly number[]
}

/** `value` is JSON. `logs`: lines of the console, also of code that failed. */
export type JobEnd =
  | { state: 'done'; value: string; logs: string[] }
  | { state: 'failed'; code: 'code_error' | 'code_timeout' | 'code_memory'; message: string; logs: string[] }
  /** The engine is broken: its process ends, and nothing is known of the job. */
  | { state: 'broken'; message: string }

/** The state of a sandbox, sent with each answer. */
export interface Wear {
  rssBytes: number
  cpuMs: number
}

export const JOB_LIMITS = {
  timeoutMs: 1_000,
  timeoutMsMax: 10_000,
  memoryMb: 32,
  memoryMbMax: 64,
  inputCharacters: 1_048_576,
  valueCharacters: 262_144,
  logCharacters: 16_384,
  messageCharacters: 2_048,
} as const
