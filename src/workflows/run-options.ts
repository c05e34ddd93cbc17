/** Options of one run beyond its workflow: part of its start, so that it is the same after every restore. */
import type { KeptDefinition } from '../model/workflows.ts'
import type { DebugOptions } from './interpreter/run.ts'

export interface RunOptions {
  /** Of debug runs; `emit`: events that it creates are real. */
  debug?: DebugOptions & { emit: boolean }
  /** Runs in place of a version, with the names of `$env` that it reads. */
  definition?: KeptDefinition
  env?: string[]
  /** Answers of an earlier run by step path: such a step takes its answer and asks for nothing. */
  known?: Record<string, unknown>
}
