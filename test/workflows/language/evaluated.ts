/** Templates evaluated in tests, with what they report. */
import { compileText, compileValue, templateOf } from '../../../src/workflows/language/compile-template.ts'
import type { Evaluation } from '../../../src/workflows/language/evaluation.ts'
import { parseTemplate } from '../../../src/workflows/language/template-syntax.ts'
import { textOf } from '../../../src/workflows/language/text.ts'

export interface Values {
  roots?: Record<string, unknown>
  actions?: Record<string, unknown>
  variables?: Record<string, unknown>
  environment?: Record<string, string>
}

export function evaluationFor({
  roots = {},
  actions = {},
  variables = {},
  environment = {},
}: Values): Evaluation & { reports: string[] } {
  const reports: string[] = []
  const own = (from: Record<string, unknown>, key: string): unknown =>
    Object.hasOwn(from, key) ? from[key] : undefined
  return {
    reports,
    root: scope => own(roots, scope),
    action: key => own(actions, key),
    variable: key => own(variables, key),
    environment: name => own(environment, name) as string | undefined,
    missing: source => void reports.push(`missing ${source}`),
    mismatch: (source, filter) => void reports.push(`mismatch ${filter} ${source}`),
    spend() {},
  }
}

/** The value of a template at a place that takes any. */
export const resolved = (template: unknown, values: Values): unknown =>
  (compileValue(template) ?? (() => template))(evaluationFor(values))

export const textOfTemplate = (template: string, values: Values): string =>
  compileText(templateOf(template), textOf)(evaluationFor(values))

export function reportsOf(template: unknown, values: Values): string[] {
  const evaluation = evaluationFor(values)
  compileValue(template)?.(evaluation)
  return evaluation.reports
}

/** The rule of a text that is no template. */
export function problemOf(text: string): string | undefined {
  const parsed = parseTemplate(text)
  return parsed.ok ? undefined : parsed.problem.rule
}
