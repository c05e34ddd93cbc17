/**
 * TypeScript types. They describe parsed JSON and change nothing, so a payload preserves members that they do not name.
 */
import { createDeclarations, itemPlace, type Place } from './declarations.ts'
import { pascalCase, wordsOf } from './names.ts'
import { isAny, type ObjectShape, type Property, type Shape } from './shapes.ts'
import { linesOf, quoted } from './source-text.ts'

/** Why an optional `toString` has the type unknown: where it is absent, the inherited one is read. */
const INHERITED = 'Every object of JavaScript inherits a property of this name: look with Object.hasOwn.'

export function renderTypeScript(root: ObjectShape, name: string): string {
  const declarations = createDeclarations(name, { taken: [`${name}SchemaHash`] })
  const written: string[] = []
  declarations.nameOf(root, [])
  // The loop grows the list: rendering one declaration may add others.
  for (const { thing, name, place } of declarations.declared) written.push(declare(thing, name, place))
  return written.join('\n')

  function declare(thing: ObjectShape | Shape, name: string, place: Place): string {
    if (!isObject(thing)) return `export type ${name} = ${literals(thing).join(' | ')}\n`
    if (!thing.alternatives) return declareObject(thing, name, place)
    return `${comment(thing.description, '')}export type ${name} = ${alternatives(thing, place)}\n`
  }

  function declareObject({ properties, others, description }: ObjectShape, name: string, place: Place): string {
    const members = properties.map(property => member(property, [...place, property.name]))
    // Named properties must fit the index signature, so it is the union of their types.
    if (others)
      members.push(`  [property: string]: ${properties.length === 0 ? typeOf(others, itemPlace(place)) : 'unknown'}\n`)
    return `${comment(description, '')}export interface ${name} {\n${members.join('')}}\n`
  }

  function member({ name, required, shape, description }: Property, place: Place): string {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name, "'")
    if (!required && name in Object.prototype) return `${comment(INHERITED, '  ')}  ${key}?: unknown\n`
    return `${comment(description, '  ')}  ${key}${required ? '' : '?'}: ${typeOf(shape, place)}\n`
  }

  function alternatives(object: ObjectShape, place: Place): string {
    const names = optionNames(object.alternatives ?? [])
    return (object.alternatives ?? [])
      .map((alternative, index) => objectType(alternative, [...place, names[index] as string], alternative.label))
      .join(' | ')
  }

  function typeOf(shape: Shape, place: Place): string {
    if (isAny(shape)) return 'unknown'
    const { array, object } = shape
    const parts = scalarsOf(shape, place)
    if (array) parts.push(arrayOf(typeOf(array.items, itemPlace(place))))
    if (object) parts.push(objectType(object, place, object.label))
    if (shape.null) parts.push('null')
    return parts.length === 0 ? 'unknown' : parts.join(' | ')
  }

  function scalarsOf(shape: Shape, place: Place): string[] {
    const listed = literals(shape)
    const parts = listed.length > 1 ? [declarations.nameOf(shape, place)] : listed
    for (const kind of ['string', 'number', 'boolean'] as const)
      if (shape[kind] && !shape[kind].values) parts.push(kind)
    if (shape.boolean?.values) parts.push(...shape.boolean.values.map(String))
    return parts
  }

  function objectType(object: ObjectShape, place: Place, label: string | undefined): string {
    if (object.properties.length > 0) return declarations.nameOf(object, place, label)
    return object.others
      ? `{ [property: string]: ${typeOf(object.others, itemPlace(place))} }`
      : '{ [property: string]: never }'
  }
}

const isObject = (thing: ObjectShape | Shape): thing is ObjectShape => 'properties' in thing

const literals = ({ string, number }: Shape): string[] => [
  ...(string?.values ?? []).map(value => quoted(value, "'")),
  ...(number?.values ?? []).map(String),
]

const arrayOf = (item: string): string => (item.includes(' | ') ? `(${item})[]` : `${item}[]`)

/** Named by the value that distinguishes the alternatives, such as `kind`; else numbered. */
function optionNames(alternatives: readonly ObjectShape[]): string[] {
  const tags = alternatives[0]?.properties.map(({ name }) => tagsOf(alternatives, name)) ?? []
  const discriminator = tags.find(values => new Set(values).size === alternatives.length && !values.includes(undefined))
  return alternatives.map((_, index) =>
    discriminator ? pascalCase(wordsOf(discriminator[index] as string)) : `Option${index + 1}`,
  )
}

const tagsOf = (alternatives: readonly ObjectShape[], name: string): Array<string | undefined> =>
  alternatives.map(({ properties }) => {
    const values = properties.find(property => property.name === name)?.shape.string?.values
    return values?.length === 1 ? values[0] : undefined
  })

function comment(description: string | undefined, indent: string): string {
  const lines = linesOf(description)
  if (lines.length === 0) return ''
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map(line => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}
