/**
 * Go structs with their own marshalling, since encoding/json alone loses unnamed members and cannot distinguish null
 * from absent. A field that allows several kinds of JSON is a json.RawMessage, which preserves any of them.
 */
import { createDeclarations, itemPlace, type Place } from './declarations.ts'
import { goHelpers } from './go-helpers.ts'
import { createNames, pascalCase, wordsOf } from './names.ts'
import { type EventIdentity, isAny, kindsOf, type ObjectShape, type Property, type Shape } from './shapes.ts'
import { linesOf, quoted } from './source-text.ts'

const RAW = 'json.RawMessage'
const OTHERS = 'AdditionalProperties'

interface Field extends Property {
  identifier: string
  place: Place
  /** The type of a value that is present. */
  type: string
}

export function renderGo(root: ObjectShape, name: string, event: EventIdentity): string {
  const declarations = createDeclarations(name, { initialisms: true, taken: [`${name}SchemaHash`, `${name}Nullable`] })
  const helper = name.charAt(0).toLowerCase() + name.slice(1)
  const uses = { integers: false, nullable: false }
  /** Types that encoding/json reads from 1 but not from 1.0. */
  const wholeNumbers = new Set(['int64'])
  const written: string[] = []
  declarations.nameOf(root, [])
  for (const { thing, name, place } of declarations.declared) {
    written.push('properties' in thing ? declareStruct(thing, name, place) : declareValues(thing, name))
  }
  const { imports, code } = goHelpers(name, helper, uses)
  const imported = imports.map(path => `\t"${path}"`).join('\n')
  return `package events\n\nimport (\n${imported}\n)\n\n${written.join('\n')}\n${code}`

  function declareStruct(object: ObjectShape, name: string, place: Place): string {
    const fields = fieldsOf(object, place)
    const others = object.others === undefined ? RAW : elementType(object.others, itemPlace(place))
    const about =
      object.others === undefined
        ? 'Properties of later versions; this one allows no others.'
        : 'Properties that the schema does not name.'
    const members = fields.map(
      field => `${comment(fieldComment(field), '\t')}\t${field.identifier} ${optionalType(field)}${tag(field)}\n`,
    )
    members.push(`\t// ${about}\n\t${OTHERS} map[string]${others} \`json:"-"\`\n`)
    const description = linesOf(object.description)
    return [
      `${comment(description.length > 0 ? [`${name}: ${description[0]}`, ...description.slice(1)] : [], '')}type ${name} struct {\n${members.join('\n')}}\n`,
      reader(fields, name, others),
      writer(fields, name),
      ...(object === root ? [identity(name, event)] : []),
    ].join('\n')
  }

  function fieldsOf({ properties }: ObjectShape, place: Place): Field[] {
    const names = createNames(['MarshalJSON', 'UnmarshalJSON', 'ClarionEvent', OTHERS])
    return properties.map(property => {
      const inner = [...place, property.name]
      const type = typeOf(property.shape, inner)
      return { ...property, identifier: names.take(pascalCase(wordsOf(property.name), true)), place: inner, type }
    })
  }

  function reader(fields: Field[], name: string, others: string): string {
    const reads = fields.map(({ identifier, name: key, required, shape, type }) => {
      const nullable = !required && isNullable(shape, type)
      const kind = nullable ? 'Nullable' : required ? 'Required' : ''
      const call = `${helper}Read${kind}(members, ${quoted(key, '"')}, &payload.${identifier}${prepare(type)})`
      return `\tif err := ${call}; err != nil {\n\t\treturn err\n\t}\n`
    })
    return `// UnmarshalJSON reads what the schema names and keeps the rest.
func (payload *${name}) UnmarshalJSON(data []byte) error {
\tmembers, err := ${helper}Members(data)
\tif err != nil || members == nil {
\t\treturn err
\t}
\t*payload = ${name}{}
${reads.join('')}${readOthers(others)}\treturn nil
}
`
  }

  function readOthers(others: string): string {
    if (others === RAW) return `\tif len(members) > 0 {\n\t\tpayload.${OTHERS} = members\n\t}\n`
    return `\tfor name := range members {
\t\tvar value ${others}
\t\tif err := ${helper}Read(members, name, &value${prepare(others)}); err != nil {
\t\t\treturn err
\t\t}
\t\tif payload.${OTHERS} == nil {
\t\t\tpayload.${OTHERS} = map[string]${others}{}
\t\t}
\t\tpayload.${OTHERS}[name] = value
\t}
`
  }

  function prepare(type: string): string {
    if (!wholeNumbers.has(leafOf(type))) return ''
    uses.integers = true
    return `, ${helper}Integers`
  }

  function writer(fields: Field[], name: string): string {
    const writes = fields.map(({ identifier, name: key, required, shape, type }) => {
      const write = `members[${quoted(key, '"')}] = payload.${identifier}`
      if (!required)
        return `\tif payload.${identifier} != nil {\n\t\t${write}${isNullable(shape, type) ? '.Value' : ''}\n\t}\n`
      const empty = isCollection(type) && !shape.null
      return `\t${write}\n${empty ? `\tif payload.${identifier} == nil {\n\t\tmembers[${quoted(key, '"')}] = ${type}{}\n\t}\n` : ''}`
    })
    return `// MarshalJSON writes what is there: an optional property that is nil is left out.
func (payload ${name}) MarshalJSON() ([]byte, error) {
\tmembers := map[string]any{}
\tfor name, value := range payload.${OTHERS} {
\t\tmembers[name] = value
\t}
${writes.join('')}\treturn json.Marshal(members)
}
`
  }

  function declareValues(shape: Shape, name: string): string {
    const type = shape.string ? 'string' : shape.number?.integer ? 'int64' : 'float64'
    const values = shape.string?.values ?? shape.number?.values ?? []
    const constants = values.map(value => {
      const literal = typeof value === 'string' ? quoted(value, '"') : String(value)
      return `const ${declarations.names.take(name + valueName(value))} ${name} = ${literal}\n`
    })
    return `// ${name} is one of the values below.\ntype ${name} ${type}\n\n${constants.join('')}`
  }

  function optionalType({ required, shape, type }: Field): string {
    if (required) return shape.null ? pointer(type) : type
    if (!isNullable(shape, type)) return pointer(type)
    uses.nullable = true
    return `*${name}Nullable[${type}]`
  }

  /** The type of a value other than null. */
  function typeOf(shape: Shape, place: Place): string {
    const { string, number, array, object } = shape
    const kinds = kindsOf(shape).filter(kind => kind !== 'null')
    if (kinds.length !== 1) return raw(shape, place)
    if (array) return `[]${elementType(array.items, itemPlace(place))}`
    if (object) return objectType(object, place)
    if (hasValues(shape)) {
      const name = declarations.nameOf(shape, place)
      if (number?.integer) wholeNumbers.add(name)
      return name
    }
    if (number) return number.large ? 'json.Number' : number.integer ? 'int64' : 'float64'
    return string ? 'string' : 'bool'
  }

  function objectType(object: ObjectShape, place: Place): string {
    if (object.properties.length > 0) return declarations.nameOf(object, place, object.label)
    return `map[string]${object.others ? elementType(object.others, itemPlace(place)) : RAW}`
  }

  function elementType(shape: Shape, place: Place): string {
    const type = typeOf(shape, place)
    return shape.null ? pointer(type) : type
  }

  /** Several kinds: the types of each are declared, for programs that inspect the value. */
  function raw(shape: Shape, place: Place): string {
    if (isAny(shape)) return RAW
    if (shape.object && shape.object.properties.length > 0) declarations.nameOf(shape.object, place, shape.object.label)
    if (shape.array) elementType(shape.array.items, itemPlace(place))
    return RAW
  }

  function fieldComment({ name, required, shape, type, place, description }: Field): string[] {
    const kinds =
      type === RAW && !isAny(shape)
        ? `, one of: ${kindsOf(shape)
            .map(kind => kindName(kind, shape, place))
            .join(', ')}`
        : ''
    return [`${quoted(name, '"')}, ${required ? 'required' : 'optional'}${kinds}.`, ...linesOf(description)]
  }

  function kindName(kind: keyof Shape, { array, object }: Shape, place: Place): string {
    if (kind === 'object' && object) return objectType(object, place)
    return kind === 'array' && array ? `[]${elementType(array.items, itemPlace(place))}` : kind
  }
}

/** Read by `clarion.EmitTyped`. */
const identity = (
  name: string,
  { fullName }: EventIdentity,
): string => `// ClarionEvent is the event's name and the hash of its schema.
func (${name}) ClarionEvent() (name, schemaHash string) {
\treturn "${fullName}", ${name}SchemaHash
}
`

const hasValues = ({ string, number }: Shape): boolean =>
  string?.values !== undefined || (number?.values !== undefined && !number.large && number.values.length > 0)

/** Optional and null: three states. Raw JSON has a form for each. */
const isNullable = (shape: Shape, type: string): boolean => shape.null === true && type !== RAW

const isCollection = (type: string): boolean => type.startsWith('[]') || type.startsWith('map[')
const pointer = (type: string): string => (type === RAW || isCollection(type) ? type : `*${type}`)

/** The element type of nested lists and maps. */
const leafOf = (type: string): string => type.replace(/^(?:\[\]|map\[string\]|\*)+/, '')

function valueName(value: string | number): string {
  const text = String(value)
  return pascalCase(wordsOf(text), true).replace(/^X(?=\d)/, '')
}

/** The structs marshal themselves, so encoding/json ignores these tags; other tools read them. */
function tag({ name, required }: Field): string {
  return /^[A-Za-z0-9_$.:/@-]+$/.test(name) && name !== '-' ? ` \`json:"${name}${required ? '' : ',omitempty'}"\`` : ''
}

const comment = (lines: string[], indent: string): string =>
  lines.map(line => `${`${indent}// ${line}`.trimEnd()}\n`).join('')
