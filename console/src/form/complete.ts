/** What may be written at a place of a JSON text, by the schema of the whole: names of properties, and values. */
import { getLocation } from 'jsonc-parser'

/** A schema as far as completion reads it. */
export interface Completing {
  type?: string | string[]
  description?: string
  properties?: Record<string, Completing>
  additionalProperties?: Completing | boolean
  items?: Completing | boolean
  enum?: unknown[]
  const?: unknown
}

export interface Completion {
  from: number
  options: Array<{ label: string; apply: string; detail?: string }>
}

/** Beyond it a list helps nobody. */
const OPTIONS_MAX = 50

export function completionsAt(text: string, offset: number, schema: Completing): Completion | undefined {
  const { path, isAtPropertyKey, previousNode } = getLocation(text, offset)
  const from =
    previousNode !== undefined && previousNode.offset < offset ? previousNode.offset : wordStart(text, offset)
  const closes = (end: string) => (/^[\w.-]*"?\s*:/.test(text.slice(offset)) ? '' : end)
  if (isAtPropertyKey) {
    const { properties = {} } = schemaAt(schema, path.slice(0, -1)) ?? {}
    const options = Object.entries(properties).map(([name, { description }]) => ({
      ...{ label: name, apply: `${JSON.stringify(name)}${closes(': ')}` },
      ...(description === undefined ? {} : { detail: description }),
    }))
    return found(from, options)
  }
  const values = valuesOf(schemaAt(schema, path))
  return found(
    from,
    values.map(value => ({ label: JSON.stringify(value), apply: JSON.stringify(value) })),
  )
}

function found(from: number, options: Completion['options']): Completion | undefined {
  return options.length === 0 ? undefined : { from, options: options.slice(0, OPTIONS_MAX) }
}

/** Of a number, `true` or an unquoted word that is being typed. */
function wordStart(text: string, offset: number): number {
  let at = offset
  while (at > 0 && /[\w".-]/.test(text[at - 1]!)) at--
  return at
}

function schemaAt(schema: Completing, path: ReadonlyArray<string | number>): Completing | undefined {
  let at: Completing | undefined = schema
  for (const part of path) {
    if (at === undefined) return undefined
    const next: Completing | boolean | undefined =
      typeof part === 'number' ? at.items : (at.properties?.[part] ?? at.additionalProperties)
    at = typeof next === 'object' ? next : undefined
  }
  return at
}

function valuesOf(schema: Completing | undefined): unknown[] {
  if (schema === undefined) return []
  if (schema.const !== undefined) return [schema.const]
  if (schema.enum !== undefined) return schema.enum
  return [schema.type].flat().includes('boolean') ? [true, false] : []
}

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']
const FORMATS = ['date-time', 'date', 'time', 'duration', 'email', 'uri', 'uuid', 'hostname', 'ipv4', 'ipv6']

/** Schemas themselves: the keywords that most of them have. */
export const SCHEMA_OF_SCHEMAS: Completing = {}
const named: Completing = { additionalProperties: SCHEMA_OF_SCHEMAS }
Object.assign(SCHEMA_OF_SCHEMAS, {
  properties: {
    type: { enum: TYPES },
    ...{ title: {}, description: {}, default: {}, examples: {}, deprecated: { type: 'boolean' } },
    ...{ properties: named, patternProperties: named, $defs: named, required: {}, propertyNames: SCHEMA_OF_SCHEMAS },
    additionalProperties: { ...SCHEMA_OF_SCHEMAS, type: 'boolean' },
    ...{ minProperties: {}, maxProperties: {}, dependentRequired: {} },
    ...{ items: SCHEMA_OF_SCHEMAS, prefixItems: { items: SCHEMA_OF_SCHEMAS }, contains: SCHEMA_OF_SCHEMAS },
    ...{ minItems: {}, maxItems: {}, uniqueItems: { type: 'boolean' } },
    ...{ enum: {}, const: {}, format: { enum: FORMATS }, pattern: {}, minLength: {}, maxLength: {} },
    ...{ minimum: {}, maximum: {}, exclusiveMinimum: {}, exclusiveMaximum: {}, multipleOf: {} },
    ...{
      allOf: { items: SCHEMA_OF_SCHEMAS },
      anyOf: { items: SCHEMA_OF_SCHEMAS },
      oneOf: { items: SCHEMA_OF_SCHEMAS },
    },
    ...Object.fromEntries(['not', 'if', 'then', 'else'].map(keyword => [keyword, SCHEMA_OF_SCHEMAS])),
    $ref: {},
  },
} satisfies Completing)
