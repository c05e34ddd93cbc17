/** The same document for tools that read OpenAPI 3.0 alone. */
import type { Schema } from '../http/route.ts'
import type { OpenApi } from './document.ts'

export function toOpenApi30({ webhooks: _, ...document }: OpenApi): OpenApi {
  const lowered = lower(document) as OpenApi
  return { ...lowered, openapi: '3.0.3', info: { ...document.info, license: { name: 'Apache-2.0' } } }
}

/** Examples and enums are data: what looks like a schema there is none. */
const DATA = new Set(['example', 'examples', 'enum', 'default', 'const', 'x-clarion-output'])

/** Keywords of JSON Schema 2020-12 that OpenAPI 3.0 has no words for. */
const LATER = new Set(['if', 'then', 'else', 'propertyNames'])

function lower(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map(each => lower(each))
  if (typeof value !== 'object' || value === null || DATA.has(key)) return value
  const inside = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, lower(each, name)]))
  return key === 'properties' ? inside : schemaOf(inside)
}

function schemaOf(given: Schema): Schema {
  const { const: constant, type, anyOf, examples, ...others } = given
  const rest = Object.fromEntries(Object.entries(others).filter(([keyword]) => !LATER.has(keyword)))
  if (constant !== undefined && !Array.isArray(constant)) return { type: typeof constant, enum: [constant], ...rest }
  if (Array.isArray(type)) return { type: type.find(each => each !== 'null'), nullable: true, ...rest }
  if (type === 'null') return { nullable: true, enum: [null], ...rest }
  if (Array.isArray(anyOf)) return choice(anyOf as Schema[], rest)
  const example = Array.isArray(examples) ? { example: examples[0] } : {}
  return {
    ...(type === undefined ? {} : { type }),
    ...rest,
    ...(Array.isArray(examples) ? example : examples === undefined ? {} : { examples }),
  }
}

/** `null` beside one other form is `nullable`; beside a reference, which takes no neighbours, by `allOf`. */
function choice(forms: readonly Schema[], rest: Schema): Schema {
  const others = forms.filter(each => !isNull(each))
  const nullable = others.length < forms.length ? { nullable: true } : {}
  if (others.length > 1) return { ...rest, anyOf: others, ...nullable }
  const [only = {}] = others
  return '$ref' in only ? { ...rest, allOf: [only], ...nullable } : { ...only, ...rest, ...nullable }
}

const isNull = ({ enum: values, nullable }: Schema): boolean =>
  nullable === true && Array.isArray(values) && values.length === 1 && values[0] === null
