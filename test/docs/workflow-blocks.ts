/** The tables of docs/workflows.md, from the language itself. */

import type { EffectClass, FieldSchema } from '../../src/workflows/language/action-spec.ts'
import { ACTIONS } from '../../src/workflows/language/actions/index.ts'
import { FILTERS } from '../../src/workflows/language/filters.ts'
import { RULES } from '../../src/workflows/language/findings.ts'
import { SCOPES } from '../../src/workflows/language/references.ts'
import { STEP_CODES } from '../../src/workflows/step-codes.ts'

const HOW_OFTEN: Record<EffectClass, string> = {
  pure: 'has no effect outside the run',
  transactional: 'exactly once',
  keyed: 'effectively once',
  outward: 'at least once',
  reading: 'reads; the first answer that has committed stays',
}

type Table = (heads: string[], rows: string[][]) => string

export const workflowActions = (table: Table): string =>
  table(
    ['action', 'does', 'how often it happens', 'scopes to deploy it'],
    Object.values(ACTIONS).map(({ type, summary, effect, scopes }) => {
      const needed = (scopes as (given: object) => string[])({}).map(scope => `\`${scope}\``)
      return [`\`${type}\``, summary, HOW_OFTEN[effect], needed.join(', ')]
    }),
  )

/** The fields of each action, with what they may be. */
export const workflowFields = (table: Table): string =>
  Object.values(ACTIONS)
    .map(({ type, schema, output }) => {
      const { properties = {}, required = [] } = schema as FieldSchema
      const rows = Object.entries(properties).map(([name, field]) => [
        `\`${name}\`${required.includes(name) ? ' (required)' : ''}`,
        typeOf(field),
        field['x-template'] === undefined ? 'literal' : field['x-template'],
        (field.description ?? '').replaceAll('|', '\\|'),
      ])
      const body = rows.length > 0 ? table(['field', 'type', 'templates', 'meaning'], rows) : 'A group of conditions.'
      return `#### ${type}\n\n${body}\n\nOutput: \`${JSON.stringify(output)}\``
    })
    .join('\n\n')

function typeOf({ type, enum: values, anyOf }: FieldSchema): string {
  if (Array.isArray(values)) return values.join(', ')
  return type === undefined ? (anyOf === undefined ? 'any' : '`false` or a list') : [type].flat().join(' or ')
}

export const workflowScopes = (table: Table): string =>
  table(
    ['scope', 'is'],
    Object.entries(SCOPES).map(([name, meaning]) => [`\`${name}\``, meaning]),
  )

export const workflowFilters = (table: Table): string =>
  table(
    ['filter', 'gives'],
    Object.entries(FILTERS).map(([name, { summary }]) => [`\`${name}\``, summary]),
  )

export const workflowStepCodes = (table: Table): string =>
  table(
    ['code', 'meaning', 'retries'],
    Object.entries(STEP_CODES).map(([name, { meaning, mayPass }]) => [`\`${name}\``, meaning, mayPass ? 'yes' : '']),
  )

export const workflowRules = (table: Table): string =>
  table(
    ['rule', 'meaning'],
    Object.entries(RULES).map(([name, meaning]) => [`\`${name}\``, meaning]),
  )
