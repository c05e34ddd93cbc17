/**
 * Bodies that need one field of several: `oneOf` or `anyOf` at the top of a schema, with nothing but `required` in
 * them. ajv reports for every branch that each of its fields is missing, as if all were required; here it is one
 * finding.
 */
import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Finding } from '../../model/codes.ts'
import type { Schema } from './route.ts'

interface Branch {
  required?: string[]
  oneOf?: Branch[]
  anyOf?: Branch[]
}

/** Whether the error comes from such a choice. */
export const isOfChoice = ({ schemaPath }: ErrorObject): boolean => /^#\/(?:oneOf|anyOf)(?:\/|$)/.test(schemaPath)

/** Answers the finding about the choice, if there is one. */
export function choiceOf(schema: Schema): (errors: readonly ErrorObject[]) => Finding[] {
  const { oneOf, anyOf } = schema as Branch
  const branches = (oneOf ?? anyOf ?? []).map(fieldsOf)
  const fields = branches.flat()
  return errors => {
    const chosen = errors.find(({ schemaPath }) => schemaPath === '#/oneOf' || schemaPath === '#/anyOf')
    if (chosen === undefined) return []
    const tooMany = Array.isArray((chosen.params as { passingSchemas?: unknown }).passingSchemas)
    const message = tooMany
      ? `takes either ${branches.map(listed).join(' or ')}, not both`
      : `needs at least one of ${listed(fields)}: any one of them is enough`
    return [{ path: '', rule: tooMany ? 'one_choice' : 'required', message }]
  }
}

const fieldsOf = ({ required = [], oneOf = [], anyOf = [] }: Branch): string[] => [
  ...required,
  ...[...oneOf, ...anyOf].flatMap(fieldsOf),
]

const listed = (fields: readonly string[]): string =>
  fields.length < 2 ? fields.join('') : `${fields.slice(0, -1).join(', ')} and ${fields.at(-1)}`
