/** The part of a schema that types can say, in words that quicktype understands; references lead to definitions at the root. */
import { isJsonObject, pointerTo } from '../../events/json-pointer.ts'
import { type References, resolveReferences, type Schema } from '../references.ts'
import type { SchemaObject } from '../schema-positions.ts'

/** More values than this are no choice that anyone would want as a type. */
const ENUM_MAX = 200
/** More alternatives take for ever and say nothing. */
const ALTERNATIVES_MAX = 20

export function simplifySchema(root: SchemaObject): SchemaObject {
  const references = resolveReferences(root)
  const definitions = new Map<SchemaObject, string>()
  const $defs: SchemaObject = {}

  function leadTo(target: Schema): SchemaObject {
    if (typeof target === 'boolean') return {}
    const known = definitions.get(target)
    if (known) return { $ref: known }
    const name = definitionName(references, target, definitions.size)
    definitions.set(target, `#${pointerTo('/$defs', name)}`)
    $defs[name] = { ...simple(target), title: name }
    return { $ref: definitions.get(target) as string }
  }

  function simple(schema: unknown): SchemaObject {
    if (!isJsonObject(schema)) return {}
    const target = references.targets.get(schema) ?? references.dynamic.get(schema)?.initial
    if (target !== undefined) return leadTo(target)
    return { ...saidOf(schema), ...membersOf(schema), ...alternativesOf(schema) }
  }

  function membersOf({ properties, patternProperties, additionalProperties, required, items, prefixItems }: SchemaObject): SchemaObject {
    const named = Object.entries(isJsonObject(properties) ? properties : {}).filter(([, schema]) => schema !== false)
    const others = patternProperties === undefined ? additionalProperties : true
    return {
      ...(properties === undefined ? {} : { properties: Object.fromEntries(named.map(([name, schema]) => [name, simple(schema)])) }),
      ...(others === undefined ? {} : { additionalProperties: isJsonObject(others) ? simple(others) : others }),
      ...(Array.isArray(required) ? { required: required.filter(name => named.some(([known]) => known === name)) } : {}),
      ...(items === undefined || prefixItems !== undefined ? {} : { items: simple(items) }),
    }
  }

  /** `allOf` together, `anyOf` and `oneOf` as a choice. */
  function alternativesOf(schema: SchemaObject): SchemaObject {
    const kept: SchemaObject = {}
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      const listed = schema[keyword]
      if (Array.isArray(listed) && listed.length <= ALTERNATIVES_MAX) kept[keyword] = listed.filter(each => each !== false).map(simple)
    }
    return kept
  }

  return { ...simple({ ...root, type: 'object' }), $defs }
}

/** Type, values and a description that cannot end the comment it stands in. */
function saidOf({ type, enum: values, const: value, description }: SchemaObject): SchemaObject {
  const listed = Array.isArray(values) ? values : value === undefined ? undefined : [value]
  const isChoice = listed !== undefined && listed.length <= ENUM_MAX && listed.every(each => typeof each === 'string')
  return {
    ...(type === undefined ? {} : { type }),
    ...(isChoice ? { type: 'string', enum: listed } : {}),
    ...(typeof description === 'string' ? { description: harmless(description) } : {}),
  }
}

/** Nothing that could end a comment or begin an escape. */
const harmless = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}\p{P}\p{S}]|[\\"`]|\*\//gu, ' ')
    .replace(/ +/g, ' ')
    .trim()

const definitionName = ({ pathOf }: References, schema: SchemaObject, number: number): string =>
  /\/([A-Za-z][A-Za-z0-9_]{0,60})$/.exec(pathOf(schema))?.[1] ?? `part${number}`
