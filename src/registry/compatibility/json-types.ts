/** The types of JSON as bits, integers and other numbers apart: a set of types is a number. */
import type { Form } from './form.ts'

export const NULL = 1
export const BOOLEAN = 2
export const INTEGER = 4
export const FRACTION = 8
export const STRING = 16
export const ARRAY = 32
export const OBJECT = 64
export const ALL_TYPES = 127
export const EACH_TYPE: readonly number[] = [NULL, BOOLEAN, INTEGER, FRACTION, STRING, ARRAY, OBJECT]

const BITS: Readonly<Record<string, number>> = {
  null: NULL,
  boolean: BOOLEAN,
  integer: INTEGER,
  number: INTEGER | FRACTION,
  string: STRING,
  array: ARRAY,
  object: OBJECT,
}

/** The value of the keyword `type` as bits. */
export function typesIn(type: unknown): number {
  const names: unknown[] = Array.isArray(type) ? type : [type]
  return names.reduce<number>((mask, name) => mask | (BITS[String(name)] ?? 0), 0)
}

/** The type of a value. */
export function kindOf(value: unknown): number {
  if (value === null) return NULL
  if (typeof value === 'boolean') return BOOLEAN
  if (typeof value === 'number') return Number.isInteger(value) ? INTEGER : FRACTION
  if (typeof value === 'string') return STRING
  return Array.isArray(value) ? ARRAY : OBJECT
}

/** The types that a form may accept values of; its parts have theirs already. */
export function typeMaskOf(form: Form): number {
  switch (form.kind) {
    case 'types':
      return form.of
    case 'values':
      return form.values.reduce<number>((mask, value) => mask | kindOf(value), 0)
    case 'all':
      return form.parts.reduce((mask, part) => mask & part.mask, ALL_TYPES)
    case 'any':
    case 'one':
      return form.parts.reduce((mask, part) => mask | part.mask, 0)
    case 'not':
      return guardOf(form.part)
    default:
      return ALL_TYPES
  }
}

/** The types that a form asks something of: it accepts all values of the others. */
export function guardOf(form: Form): number {
  switch (form.kind) {
    case 'bound':
      return BOUND_TYPES[form.of]
    case 'multiple':
      return INTEGER | FRACTION
    case 'pattern':
      return STRING
    case 'format':
      return STRING | INTEGER | FRACTION
    case 'unique':
    case 'list':
    case 'contains':
      return ARRAY
    case 'has':
    case 'members':
    case 'names':
      return OBJECT
    case 'opaque':
      return form.guards
    default:
      return ALL_TYPES
  }
}

export const BOUND_TYPES = { number: INTEGER | FRACTION, length: STRING, items: ARRAY, properties: OBJECT } as const
