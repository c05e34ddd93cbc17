/** The types that the parts of a search share: questions, answers, and the search itself for the parts of a value. */
import type { Atom, Form, Forms } from './form.ts'
import type { PatternOf } from './holds.ts'

/** Undefined: neither a proof nor a value was found. */
export type Found = { empty: true } | { empty: false; value: unknown } | undefined
export const EMPTY: Found = { empty: true }
export const accepted = (value: unknown): Found => ({ empty: false, value })

/** The atoms that a value of one type must satisfy, and those that it must not. */
export interface Literals {
  type: number
  holding: Atom[]
  failing: Atom[]
}

export interface Search {
  forms: Forms
  pattern: PatternOf
  /** Strings of the two schemas, to try as values. */
  hints: ReadonlySet<string>
  find(form: Form): Found
  isEmpty(form: Form): boolean
}
