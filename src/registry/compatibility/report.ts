/** Findings of a comparison, and their messages: each names the obstacle and the way forward. */

import { finding } from '../../json/json-text.ts'
import type { Finding } from '../../model/codes.ts'

/** Why a change cannot be a minor. */
const REFUSALS = {
  property_removed: 'was removed, and consumers may read it: keep it (it may be marked deprecated)',
  property_required: 'is new and required, and payloads of the old version do not carry it: make it optional',
  required_added: 'now requires more, and payloads of the old version may lack it: leave it optional',
  required_removed: 'now requires less, and consumers rely on what was required: keep it required',
  type_widened: 'takes more types, and consumers do not expect them: add a property of the new type beside it',
  type_narrowed: 'takes fewer types than payloads of the old version have: keep the old types',
  type_changed: 'takes other types: add a property of the new type beside it',
  format_widened: 'no longer asks for the format that consumers rely on: keep it',
  format_narrowed: 'asks for a format that payloads of the old version need not have: leave it out',
  format_changed: 'asks for another format: add a property of the new format beside it',
  enum_widened: 'takes more values, and consumers do not expect them: add a property beside it',
  enum_narrowed: 'takes fewer values than payloads of the old version have: keep the old values',
  enum_changed: 'takes other values: add a property beside it',
  const_widened: 'no longer asks for the one value that consumers rely on: keep it',
  const_narrowed: 'asks for one value, and payloads of the old version may have others: leave it out',
  const_changed: 'asks for another value: add a property beside it',
  pattern_changed:
    'is not the pattern that it was, and nothing proves that one takes all of the other: keep the old one',
  bound_tightened:
    'is tighter than it was, and payloads of the old version may lie outside: keep the old bound or a wider one',
  multiple_of_changed: 'does not divide what it was: keep it or use a divisor of it',
  multiple_of_removed: 'was removed, and consumers rely on it: keep it or use a divisor of it',
  unique_items_added: 'asks for different items, and payloads of the old version may repeat some: leave it out',
  additional_properties_closed:
    'takes fewer additional properties than payloads of the old version have: keep it as it was',
  open_model_property_added:
    'was added to a model that takes any property, so payloads of the old version may carry the name with other content: the organization has strict compatibility, so make this a major',
  keyword_narrowed: 'refuses a value that the old version takes: leave it as it was or make it wider',
  keyword_widened: 'takes a value that the old version refuses and consumers do not expect: leave it as it was',
  keyword_changed: 'refuses a value that the old version takes, and takes one that it refuses: leave it as it was',
  not_provable: 'changed in a way that is not proved to be compatible: leave it as it was',
} as const

/** Changes that a minor may make, but consumers should know of. */
const WARNINGS = {
  bound_relaxed: 'is wider than it was: consumers may meet values that the old version did not take',
  open_model_property_added:
    'was added to a model that takes any property: payloads of the old version may carry the name with other content',
} as const

export type Refusal = keyof typeof REFUSALS

/**
 * The two questions of a minor. *Producers*: does the new version take all that the old one takes? *Consumers*: does
 * all hold that consumers rely on?
 */
export type Question = 'producers' | 'consumers'

export interface MinorResult {
  /**
   * The reasons why it is not a minor; empty: it is one. Paths are pointers into the new schema, or to the former place
   * of something removed.
   */
  findings: Finding[]
  warnings: Finding[]
  /**
   * Whether every payload of the old schema is proved to be valid in the new one; false also where it is not a minor.
   */
  proof: boolean
}

export interface ReportedFinding extends Finding {
  /** The questions that it answers with no. */
  fails: readonly Question[]
}

export interface MinorReport {
  /** `why`: instead of the usual message. */
  refuse(fails: readonly Question[], rule: Refusal, path: string, why?: string): void
  warn(rule: keyof typeof WARNINGS, path: string): void
  /** The findings for these questions. */
  result(questions: readonly Question[]): MinorResult
}

export const BOTH: readonly Question[] = ['producers', 'consumers']

export function createReport({ strict }: { strict: boolean }): MinorReport {
  const findings = new Map<string, ReportedFinding>()
  const warnings = new Map<string, ReportedFinding>()
  const add = (list: typeof findings, fails: readonly Question[], { path, rule, message }: Finding): void => {
    const key = `${rule} ${path}`
    const known = list.get(key)
    list.set(key, { path, rule, message, fails: [...new Set([...(known?.fails ?? []), ...fails])] })
  }
  const refuse: MinorReport['refuse'] = (fails, rule, path, why = REFUSALS[rule]) =>
    add(findings, fails, finding(path, rule, why))
  const about = (list: typeof findings, questions: readonly Question[]): Finding[] =>
    [...list.values()]
      .filter(({ fails }) => fails.some(each => questions.includes(each)))
      .map(({ path, rule, message }) => ({ path, rule, message }))
  return {
    refuse,
    warn(rule, path) {
      const isOpen = rule === 'open_model_property_added'
      if (isOpen && strict) refuse(['producers'], rule, path)
      else add(warnings, [isOpen ? 'producers' : 'consumers'], finding(path, rule, WARNINGS[rule]))
    },
    result: questions => ({
      findings: about(findings, questions),
      warnings: about(warnings, questions),
      proof:
        about(findings, questions).length === 0 &&
        about(findings, ['producers']).length === 0 &&
        about(warnings, ['producers']).length === 0,
    }),
  }
}

/** A value that shows a refusal, short enough for a message. */
export function shown(why: Refusal, value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 120 ? REFUSALS[why] : `${REFUSALS[why]} (the value is ${text})`
}
