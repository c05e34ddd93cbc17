/** The values that compiled templates and conditions read, and the receiver of their findings. */
import type { Reference, ScopeName } from './references.ts'

export interface Evaluation {
  /** The value of a scope that has no key: `$param`, `$run`, … */
  root(scope: ScopeName): unknown
  /** The output of an action as this place sees it; undefined: it has not run. */
  action(key: string): unknown
  variable(key: string): unknown
  environment(name: string): string | undefined
  /** A value that is not there and reads as null. May throw, in strict mode. */
  missing(source: string, reference: Reference): void
  /** A filter was given a value that it does not take. May throw, in strict mode. */
  mismatch(source: string, filter: string): void
  /** Counts characters that templates made. Throws when one step makes too many. */
  spend(characters: number): void
}

/** A value that a place cannot take, found when a template was evaluated; the step fails with this code. */
export class TemplateError extends Error {
  readonly code: 'template_missing' | 'with_invalid' | 'run_data_exceeded'

  constructor(code: TemplateError['code'], message: string) {
    super(message)
    this.name = 'TemplateError'
    this.code = code
  }
}
