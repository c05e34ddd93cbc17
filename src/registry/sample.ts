/** A value that a schema describes, to start from: examples and defaults where it has them, else one of its type. */

type Schema = Record<string, unknown>

const DEPTH_MAX = 8
const BY_TYPE: Readonly<Record<string, unknown>> = { integer: 0, number: 0, boolean: false, null: null }
const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  ...{ date: '2026-01-01', email: 'someone@example.com', uri: 'https://example.com/' },
  uuid: '00000000-0000-4000-8000-000000000000',
}

/** It need not be valid: patterns and relations between members are not followed. */
export const sampleOf = (schema: unknown): unknown => sample(schema, schema, 0)

function sample(schema: unknown, root: unknown, depth: number): unknown {
  if (typeof schema !== 'object' || schema === null || depth > DEPTH_MAX) return null
  const own = schema as Schema
  const given = [own.examples, own.enum].find(each => Array.isArray(each) && each.length > 0) as unknown[] | undefined
  if ('const' in own) return own.const
  if ('default' in own) return own.default
  if (given !== undefined) return given[0]
  if (typeof own.$ref === 'string') return sample(resolved(root, own.$ref), root, depth + 1)
  const choices = [own.anyOf, own.oneOf].find(each => Array.isArray(each) && each.length > 0) as unknown[] | undefined
  if (choices !== undefined && own.type === undefined) return sample(choices[0], root, depth + 1)
  return ofType(own, root, depth)
}

function ofType(own: Schema, root: unknown, depth: number): unknown {
  const [type] = Array.isArray(own.type) ? own.type : [own.type ?? (own.properties === undefined ? 'string' : 'object')]
  if (type === 'object') return membersOf(own, root, depth)
  if (type === 'array') return (own.minItems as number) > 0 ? [sample(own.items, root, depth + 1)] : []
  if (type !== 'string') return typeof own.minimum === 'number' ? own.minimum : (BY_TYPE[String(type)] ?? null)
  return BY_FORMAT[String(own.format)] ?? 'x'.repeat(Math.min(Number(own.minLength ?? 1), 100))
}

function membersOf(own: Schema, root: unknown, depth: number): Record<string, unknown> {
  const parts = Array.isArray(own.allOf) ? own.allOf.map(part => sample(part, root, depth + 1)) : []
  const properties = Object.entries((own.properties ?? {}) as Record<string, unknown>)
  const members = properties.map(([name, schema]) => [name, sample(schema, root, depth + 1)] as const)
  return Object.assign({}, ...parts, Object.fromEntries(members))
}

/** A reference within the schema. */
function resolved(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  const segments = ref.slice(1).split('/').filter(Boolean)
  return segments.reduce<unknown>((at, segment) => {
    const key = decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~')
    return typeof at === 'object' && at !== null ? (at as Schema)[key] : undefined
  }, root)
}
