/**
 * Definitions of workflows as components, from the schemas that a deploy checks them by. A draft may be unfinished, so no
 * call refers to them: `definition` takes any JSON, and its findings say what is missing.
 */
import type { FieldSchema } from '../../workflows/language/action-spec.ts'
import { ACTIONS, specOf } from '../../workflows/language/actions/index.ts'
import { type ActionType, DEFINITION_LIMITS } from '../../workflows/language/definition.ts'
import type { Schema } from '../http/route.ts'
import { pascal } from './path-name.ts'

const refTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const actions = (description: string): Schema => ({ type: 'array', description, items: refTo('WorkflowAction') })
const amount = (description: string, minimum: number, maximum: number, type = 'number'): Schema => ({
  ...{ type, description, minimum, maximum },
})

const BODIES: Partial<Record<ActionType, Record<string, Schema>>> = {
  // biome-ignore lint/suspicious/noThenProperty: the language's own field
  condition: { then: actions('If the conditions hold'), else: actions('If not') },
  switch: {
    cases: {
      type: 'array',
      items: {
        type: 'object',
        properties: { value: {}, do: actions('If the value is this one') },
        required: ['value', 'do'],
        additionalProperties: false,
      },
    },
    default: actions('If no case has the value'),
  },
  loop_data: { do: actions('For each item') },
  loop_while: { do: actions('In each turn') },
}

const COMMON: Record<string, Schema> = {
  key: {
    type: 'string',
    description: "Unique in the definition; others read the output as $action['key']",
    pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
    maxLength: DEFINITION_LIMITS.keyCharacters,
  },
  name: { type: 'string', maxLength: DEFINITION_LIMITS.nameCharacters },
  retry: refTo('WorkflowRetry'),
  timeoutMs: amount('Of one attempt', 1, DEFINITION_LIMITS.timeoutMs, 'integer'),
  onError: {
    description: 'After the last attempt',
    anyOf: [
      { type: 'string', enum: ['fail', 'continue'] },
      {
        type: 'object',
        properties: { branch: actions('Run after the failure') },
        required: ['branch'],
        additionalProperties: false,
      },
    ],
  },
  disabled: { type: 'boolean', description: 'Skipped, with its bodies' },
  optional: { type: 'boolean', description: 'Its output may be read where it may not have run' },
}

const FIXED: Record<string, Schema> = {
  WorkflowDefinition: {
    type: 'object',
    description: 'The actions of a workflow or an API route: docs/workflows.md. At most 64 KB and 100 actions.',
    properties: {
      language: { const: 1 },
      actions: actions('In their order'),
      onError: actions('When an error ended the run'),
    },
    required: ['language', 'actions'],
    additionalProperties: false,
  },
  WorkflowRetry: {
    type: 'object',
    properties: {
      attempts: amount('In all; 1 unless set', 1, 5, 'integer'),
      firstSeconds: amount('Before the second attempt; 1 unless set', 0, 3_600),
      factor: amount('From pause to pause; 2 unless set', 1, 10),
      maxSeconds: amount('Of a pause; 3,600 unless set', 0, 3_600),
    },
    additionalProperties: false,
  },
  WorkflowTemplate: {
    type: 'string',
    description: 'A text with references, such as {{$param.sku}}; one that is nothing but a reference keeps its type.',
    pattern: '\\{\\{',
  },
}

/** By name. */
export function actionComponents(): Record<string, Schema> {
  const types = Object.keys(ACTIONS) as ActionType[]
  const mapping = Object.fromEntries(types.map(type => [type, refTo(nameOf(type)).$ref]))
  const WorkflowAction = {
    oneOf: types.map(type => refTo(nameOf(type))),
    discriminator: { propertyName: 'type', mapping },
  }
  return { ...FIXED, WorkflowAction, ...Object.fromEntries(types.map(type => [nameOf(type), actionOf(type)])) }
}

const nameOf = (type: ActionType): string => `WorkflowAction${pascal(type.replaceAll('_', '-'))}`

function actionOf(type: ActionType): Schema {
  const { summary, schema, output, effect } = specOf(type)
  const { key, ...common } = COMMON
  const properties = { key: key!, type: { const: type }, with: withTemplates(schema), ...common, ...BODIES[type] }
  return {
    type: 'object',
    description: summary,
    properties,
    required: ['key', 'type', 'with'],
    additionalProperties: false,
    'x-clarion-effect': effect,
    'x-clarion-output': output,
  }
}

/** Where a template may be, it may be in the place of the value, and of each value below. */
function withTemplates(given: FieldSchema, isInValue = false): Schema {
  const { type, properties, items, additionalProperties, ...rest } = given
  const types = [type ?? []].flat()
  const isValue = isInValue || given['x-template'] === 'value'
  const below = (schema: FieldSchema): Schema => withTemplates(schema, isValue)
  const own: Schema = {
    ...(types.length === 1 ? { type: types[0] } : {}),
    ...rest,
    ...(properties === undefined ? {} : { properties: mapped(properties, below) }),
    ...(items === undefined ? {} : { items: below(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: ofOthers(additionalProperties, below) }),
  }
  if (types.length > 1) return byType(own, types)
  const takesTemplate = isValue || given['x-template'] !== undefined
  return takesTemplate && types.length === 1 && !isPlainText(own) ? orTemplate(own) : own
}

const ofOthers = (given: boolean | FieldSchema, below: (schema: FieldSchema) => Schema): boolean | Schema =>
  typeof given === 'boolean' ? given : below(given)

/** A template is such a text itself. */
const isPlainText = ({ type, pattern, enum: values, maxLength }: Schema): boolean =>
  type === 'string' && pattern === undefined && values === undefined && maxLength === undefined

const mapped = (
  properties: Record<string, FieldSchema>,
  below: (schema: FieldSchema) => Schema,
): Record<string, Schema> => Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, below(each)]))

function byType({ description, 'x-template': place, ...rest }: Schema, types: readonly string[]): Schema {
  const { items, ...others } = rest
  const forms = types.map(type => (type === 'array' ? { type, ...(items === undefined ? {} : { items }) } : { type }))
  const { maxItems, maxLength, ...more } = others
  const bound = (type: string) => (type === 'array' ? { maxItems } : type === 'string' ? { maxLength } : {})
  const bounded = forms.map(form => ({ ...form, ...defined(bound(form.type)) }))
  return { ...defined({ description, 'x-template': place }), ...more, anyOf: bounded }
}

const defined = (given: Record<string, unknown>): Schema =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))

const orTemplate = ({ description, 'x-template': place, ...own }: Schema): Schema => ({
  ...defined({ description, 'x-template': place }),
  anyOf: [own, refTo('WorkflowTemplate')],
})
