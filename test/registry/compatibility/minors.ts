/** Schemas of objects, and the verdict on a minor from one to another. */
import { checkMinor } from '../../../src/registry/compatibility/minor.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'

export const closed = (properties: Record<string, unknown>, rest: SchemaObject = {}): SchemaObject => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...rest,
})

export const open = (properties: Record<string, unknown>, rest: SchemaObject = {}): SchemaObject => ({
  type: 'object',
  properties,
  ...rest,
})

export const S = { type: 'string' }
export const told = (old: SchemaObject, next: SchemaObject, strict = false) => {
  const { findings, warnings, proof } = checkMinor(old, next, { strict })
  const short = (list: typeof findings) => list.map(({ rule, path }) => `${rule} ${path}`)
  return { refused: short(findings), warned: short(warnings), proof }
}

/** A schema with one property `a`. */
export const a = (schema: unknown, rest: SchemaObject = {}): SchemaObject => closed({ a: schema }, rest)
export const address = closed({ street: S })
export const grown = closed({ street: S, zip: S })
