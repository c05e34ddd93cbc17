/** The findings of a definition. An error prevents the deploy, a warning does not; a draft is kept with either. */
import { finding } from '../../json/json-text.ts'
import type { Finding } from '../../model/codes.ts'

/** `path` is a JSON pointer into the definition, `rule` a stable code; `message` says what to do. */
export interface DefinitionFinding extends Finding {
  severity: 'error' | 'warning'
}

export interface Findings {
  error(path: string, rule: Rule, message: string): undefined
  warning(path: string, rule: Rule, message: string): undefined
  readonly hasErrors: boolean
  /** In the order of the definition's text, as far as its pointers say; at most 200. */
  list(): DefinitionFinding[]
}

export const FINDINGS_MAX = 200
/** More are not even put in order. */
const COLLECTED_MAX = 1_000

/** Every rule that a finding may name, and its meaning. */
export const RULES = {
  not_json: 'The definition is not JSON.',
  too_large: 'The definition is larger than 64 KB.',
  too_deep: 'JSON or bodies nest too deeply.',
  duplicate_key: 'An object has a member twice.',
  inexact_number: 'A number does not survive double precision.',
  language: 'The definition is of a version of the language that does not exist.',
  type: 'A value has another type than the field.',
  required: 'A field is missing.',
  unknown_field: 'There is no such field.',
  unknown_action: 'There is no such type of action.',
  with_invalid: 'A field of `with` has a value that the action does not take.',
  invalid_key: 'A key is not lower-case letters and digits joined by hyphens.',
  key_not_unique: 'Two actions have the same key.',
  too_many_actions: 'The definition has more than 100 actions.',
  no_actions: 'The definition has no action.',
  no_effect: 'A setting changes nothing here.',
  condition_invalid: 'A condition is malformed.',
  template_syntax: 'A template cannot be read.',
  template_not_allowed: 'A template is at a place that takes a literal.',
  unknown_scope: 'A reference begins with no scope of the language.',
  unknown_filter: 'There is no such filter, or its argument is wrong.',
  scope_not_available: 'A scope has no value for this kind of workflow.',
  unknown_reference: 'A reference names no action of the definition.',
  reference_not_before: 'An action is referred to where it cannot have run.',
  reference_not_on_every_path: 'An action is referred to where it may not have run.',
  unknown_variable: 'There is no variable or secret of this name.',
  secret_not_allowed: 'A secret is used where it would be stored or sent on.',
  url_origin: 'Scheme and host of a URL are neither literal nor from $env.',
  sql_refused: 'A statement is none that a workflow may run.',
  sql_parameter: 'A template of a statement is where no bound value can be.',
  respond_not_allowed: 'Only a route responds.',
  respond_continue: 'Actions after an answer may fail when it was sent.',
  unreachable: 'An action comes after one that ends the run.',
  self_call: 'A workflow that holds its slot while it waits would wait for itself.',
  unknown_event: 'No event of this name is registered.',
  unknown_workflow: 'There is no such workflow.',
  unknown_webhook: 'There is no such webhook.',
  unknown_channel: 'There is no such notification channel.',
  unknown_connection: 'There is no such connection.',
  unknown_mail_template: 'There is no such mail template.',
  unknown_table: 'There is no such table.',
  plan_does_not_allow: 'The plan does not have this action.',
} as const

export type Rule = keyof typeof RULES

export function createFindings(): Findings {
  const found: DefinitionFinding[] = []
  const add = (severity: DefinitionFinding['severity'], path: string, rule: Rule, message: string): undefined => {
    const isFirstError = severity === 'error' && !found.some(each => each.severity === 'error')
    if (found.length < COLLECTED_MAX || isFirstError) found.push({ ...finding(path, rule, message), severity })
  }
  return {
    error: (path, rule, message) => add('error', path, rule, message),
    warning: (path, rule, message) => add('warning', path, rule, message),
    get hasErrors() {
      return found.some(({ severity }) => severity === 'error')
    },
    list: () => found.sort((a, b) => comparePointers(a.path, b.path)).slice(0, FINDINGS_MAX),
  }
}

/** Numbers in pointers compare as numbers: `/actions/2` is before `/actions/10`. */
function comparePointers(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [one, other] = [left[at]!, right[at]!]
    if (one === other) continue
    return Number(one) - Number(other) || (one < other ? -1 : 1)
  }
  return left.length - right.length
}
