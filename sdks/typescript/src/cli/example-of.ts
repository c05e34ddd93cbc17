/** A value that a JSON Schema takes: enough for the schemas of events, which nest at most five levels. */

interface Schema {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  default?: unknown
  examples?: unknown[]
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  exclusiveMinimum?: number
  minItems?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  anyOf?: Schema[]
  oneOf?: Schema[]
}

const OF_FORMAT: Record<string, string> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

export function exampleOf(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const
  const [first] = [...(schema.examples ?? []), ...(schema.enum ?? [])]
  if (first !== undefined) return first
  if (schema.default !== undefined) return schema.default
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0]
  if (choice !== undefined) return exampleOf(choice)
  const type = [schema.type].flat()[0] ?? 'object'
  if (type === 'object') return objectOf(schema)
  if (type === 'array')
    return Array.from({ length: schema.minItems ?? 1 }, () => exampleOf(schema.items ?? { type: 'string' }))
  if (type === 'integer' || type === 'number') return schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1
  if (type === 'boolean') return true
  return type === 'null' ? null : textOf(schema)
}

const objectOf = ({ properties = {} }: Schema) =>
  Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, exampleOf(each)]))

function textOf({ format, minLength = 0, maxLength = 1_000 }: Schema): string {
  const text = OF_FORMAT[format ?? ''] ?? 'example'
  return text.padEnd(minLength, 'x').slice(0, Math.max(maxLength, minLength))
}
