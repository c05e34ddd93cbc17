/** Parts shared by several schemas. */
import { PLANS } from '../../model/plans.ts'
import type { Schema } from './route.ts'

/** An object with exactly these fields; those that end in `?` may be absent. */
export function object(fields: Record<string, Schema>): Schema {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
  )
  const required = Object.keys(fields).filter(name => !name.endsWith('?'))
  return { type: 'object', properties, required, additionalProperties: false }
}

export const text = (minLength: number, maxLength: number, more: Schema = {}): Schema => ({
  type: 'string',
  minLength,
  maxLength,
  ...more,
})
export const optionalText = (maxLength: number): Schema => ({ type: ['string', 'null'], maxLength })
export const oneOf = (values: readonly string[]): Schema => ({ type: 'string', enum: values })
export const listOf = (items: Schema): Schema => ({ type: 'array', items })
export const nullable = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] })

export const string: Schema = { type: 'string' }
export const boolean: Schema = { type: 'boolean' }
export const integer: Schema = { type: 'integer' }
export const number: Schema = { type: 'number' }
export const anything: Schema = {}
/** Of a workflow, as JSON that may be unfinished. */
export const definition: Schema = {
  description: 'A WorkflowDefinition (among the components), which may be unfinished.',
}
export const anyObject: Schema = { type: 'object' }
export const time: Schema = { type: 'string', format: 'date-time' }

export const plan = oneOf(PLANS)
export const environment = oneOf(['live', 'test'])
/** The fields of every stored record. */
export const stored = { id: string, revision: integer, createdAt: time, updatedAt: time }
