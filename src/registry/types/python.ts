/** Python dataclasses with `from_dict` and `to_dict`, which preserve members that the schema does not name. */
import { createDeclarations, itemPlace, type Place } from './declarations.ts'
import { createNames, snakeCase, wordsOf } from './names.ts'
import { type EventIdentity, isAny, type ObjectShape, type Property, type Shape } from './shapes.ts'
import { linesOf, quoted } from './source-text.ts'

const KEYWORDS =
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'
/** Names that a class uses itself, or that its annotations and defaults refer to. */
const OF_THE_CLASS = 'self cls classmethod str int float bool dict field from_dict to_dict additional_properties'
const TAKEN = `${KEYWORDS} ${OF_THE_CLASS}`.split(' ')

interface Field extends Property {
  identifier: string
  place: Place
}

export function renderPython(root: ObjectShape, name: string, event: EventIdentity): string {
  const declarations = createDeclarations(name)
  const written: string[] = []
  declarations.nameOf(root, [])
  for (const { thing, name, place } of declarations.declared) {
    written.push('properties' in thing ? declareClass(thing, name, place) : `${name} = ${literalOf(thing)}\n`)
  }
  return `${HEAD}\n\n${written.join('\n\n')}\n\n${HELPERS}`

  function declareClass(object: ObjectShape, name: string, place: Place): string {
    const fields = fieldsOf(object, place)
    const described = linesOf(object.description).join('\n    ')
    const lines = described === '' ? [] : [`    """${docstring(described)}"""`, '']
    if (object === root) lines.push(...identity(event), '')
    for (const field of fields) lines.push(...commentOf(field), `    ${field.identifier}: ${annotation(field)}`)
    const others = object.others === undefined ? 'Any' : typeOf(object.others, itemPlace(place))
    lines.push(
      '    # Properties that the schema does not name.',
      `    additional_properties: Dict[str, ${others}] = field(default_factory=dict)`,
    )
    return `@dataclass\nclass ${name}:\n${[...lines, '', ...reader(object, fields, name, place), '', ...writer(fields)].join('\n')}\n`
  }

  /** Dataclasses require the fields without a default first. */
  function fieldsOf({ properties }: ObjectShape, place: Place): Field[] {
    const names = createNames(TAKEN)
    const fields = properties.map((property): Field => {
      const identifier = snakeCase(wordsOf(property.name))
      return { ...property, identifier: names.take(identifier, `${identifier}_`), place: [...place, property.name] }
    })
    return [...fields.filter(({ required }) => required), ...fields.filter(({ required }) => !required)]
  }

  function annotation({ required, shape, place }: Field): string {
    const type = typeOf(shape, place)
    if (required) return type
    if (!shape.null) return `Optional[${type}] = None`
    return `${isAny(shape) ? 'Any' : `Union[${type}, Absent]`} = ABSENT`
  }

  function typeOf(shape: Shape, place: Place): string {
    if (isAny(shape)) return 'Any'
    const { array, object } = shape
    const parts = scalarsOf(shape, place)
    if (array) parts.push(`List[${typeOf(array.items, itemPlace(place))}]`)
    if (object) parts.push(objectType(object, place))
    if (parts.length === 0) return shape.null ? 'None' : 'Any'
    const type = parts.length === 1 ? (parts[0] as string) : `Union[${parts.join(', ')}]`
    return shape.null ? `Optional[${type}]` : type
  }

  function scalarsOf(shape: Shape, place: Place): string[] {
    const literal = literalOf(shape)
    const count = valuesOf(shape).length
    const parts = count === 0 ? [] : [count === 1 ? literal : declarations.nameOf(shape, place)]
    if (shape.string && !shape.string.values) parts.push('str')
    if (shape.number && !hasLiterals(shape)) parts.push(shape.number.integer ? 'int' : 'float')
    if (shape.boolean && !shape.boolean.values) parts.push('bool')
    return parts
  }

  function objectType(object: ObjectShape, place: Place): string {
    if (object.properties.length > 0) return declarations.nameOf(object, place, object.label)
    return `Dict[str, ${object.others ? typeOf(object.others, itemPlace(place)) : 'Any'}]`
  }

  function reader(object: ObjectShape, fields: Field[], name: string, place: Place): string[] {
    const given = fields.map(({ identifier, name: key, required, shape, place }) => {
      const absent = required ? '' : shape.null ? ', ABSENT' : ', None'
      return `            ${identifier}=${read(shape, `rest.pop(${quoted(key, '"')}${absent})`, place)},`
    })
    const others = object.others ? read({ object: { properties: [], others: object.others } }, 'rest', place) : 'rest'
    return [
      '    @classmethod',
      `    def from_dict(cls, data: Dict[str, Any]) -> ${name}:`,
      '        rest = dict(data)',
      '        return cls(',
      ...given,
      `            additional_properties=${others},`,
      '        )',
    ]
  }

  function writer(fields: Field[]): string[] {
    const lines = fields.flatMap(({ identifier, name, required, shape }) => {
      const isPlain = !shape.array && !shape.object
      const write = `data[${quoted(name, '"')}] = ${isPlain ? `self.${identifier}` : `_to_json(self.${identifier})`}`
      return required
        ? [`        ${write}`]
        : [`        if self.${identifier} is not ${shape.null ? 'ABSENT' : 'None'}:`, `            ${write}`]
    })
    return [
      '    def to_dict(self) -> Dict[str, Any]:',
      '        data: Dict[str, Any] = _to_json(self.additional_properties)',
      ...lines,
      '        return data',
    ]
  }

  /** An expression that converts `value`; a value of another kind of JSON passes through each step unchanged. */
  function read(shape: Shape, value: string, place: Place): string {
    const { number, array, object } = shape
    let read = value
    if (number?.integer) read = `_integer(${read})`
    if (array) {
      const item = reading(array.items, itemPlace(place))
      if (item) read = `_list(${read}, ${item})`
    }
    if (object && object.properties.length > 0) read = `_object(${read}, ${objectType(object, place)}.from_dict)`
    else if (object?.others) {
      const item = reading(object.others, itemPlace(place))
      if (item) read = `_map(${read}, ${item})`
    }
    return read
  }

  /** The same as a function; undefined where no conversion is needed. */
  function reading(shape: Shape, place: Place): string | undefined {
    if (isAny(shape)) return undefined
    const expression = read(shape, 'item', place)
    if (expression === 'item') return undefined
    return expression === '_integer(item)' ? '_integer' : `lambda item: ${expression}`
  }
}

/** Read by `client.events.custom.emit(event)`. */
const identity = ({ fullName, schemaHash }: EventIdentity): string[] => [
  `    EVENT_NAME: ClassVar[str] = "${fullName}"`,
  `    SCHEMA_HASH: ClassVar[str] = "${schemaHash}"`,
]

/** `Literal` does not allow fractions. */
const hasLiterals = ({ number }: Shape): boolean => number?.values?.every(Number.isInteger) === true

const valuesOf = (shape: Shape): string[] => [
  ...(shape.string?.values ?? []).map(value => quoted(value, '"')),
  ...(hasLiterals(shape) ? (shape.number?.values ?? []).map(value => BigInt(value).toString()) : []),
  ...(shape.boolean?.values ?? []).map(value => (value ? 'True' : 'False')),
]

const literalOf = (shape: Shape): string => `Literal[${valuesOf(shape).join(', ')}]`

function commentOf({ name, identifier, description }: Field): string[] {
  const lines = [...(name === identifier ? [] : [`${quoted(name, '"')} in JSON`]), ...linesOf(description)]
  return lines.map(line => `    # ${line}`.trimEnd())
}

/** Three quotes would end the docstring, and so would a quote directly before its end. */
const docstring = (text: string): string =>
  text.replaceAll('\\', '\\\\').replace(/"{3,}|"$/g, quotes => '\\"'.repeat(quotes.length))

const HEAD = `from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, ClassVar, Dict, List, Literal, Optional, Union


class Absent(Enum):
    """Marks a property that is not there, where None is the null of JSON."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
`

const HELPERS = `def _integer(value: Any) -> Any:
    """JSON may write an integer as 1.0."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole else value


def _list(value: Any, read: Callable[[Any], Any]) -> Any:
    return [read(item) for item in value] if isinstance(value, list) else value


def _map(value: Any, read: Callable[[Any], Any]) -> Any:
    return {name: read(item) for name, item in value.items()} if isinstance(value, dict) else value


def _object(value: Any, read: Callable[[Any], Any]) -> Any:
    return read(value) if isinstance(value, dict) else value


def _to_json(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _to_json(item) for name, item in value.items()}
    to_dict = getattr(value, "to_dict", None)
    return value if to_dict is None else to_dict()
`
