/**
 * The values that a schema accepts at one position, by kind of JSON value. A shape accepts at least what its schema
 * does: a rule that types cannot express makes it wider, never narrower, so that every valid payload fits the types.
 */

export interface Shape {
  readonly null?: true
  readonly boolean?: Scalar<boolean>
  readonly number?: Scalar<number> & NumberRange
  readonly string?: Scalar<string>
  readonly array?: { readonly items: Shape }
  readonly object?: ObjectShape
}

export interface Scalar<T> {
  /** The only values; undefined: any. */
  readonly values?: readonly T[] | undefined
}

export interface NumberRange {
  readonly integer: boolean
  /**
   * The schema allows numbers that neither an int64 nor a double represents: larger integers, or integers beside
   * fractions.
   */
  readonly large: boolean
}

/** The event whose payload the types describe; its outermost type carries both, for the kits. */
export interface EventIdentity {
  fullName: string
  schemaHash: string
}

export interface ObjectShape {
  readonly properties: readonly Property[]
  /** Properties without a name of their own; undefined: the schema forbids them. */
  readonly others: Shape | undefined
  /** The alternatives that this object unites; a language without unions uses the object itself. */
  readonly alternatives?: readonly ObjectShape[] | undefined
  /** The name of its definition. */
  readonly label?: string | undefined
  readonly description?: string | undefined
}

export interface Property {
  readonly name: string
  readonly required: boolean
  readonly shape: Shape
  readonly description?: string | undefined
}

/** A longer list of values is of no use as a type. */
export const VALUES_MAX = 200
/** More alternatives make no readable type. */
export const ALTERNATIVES_MAX = 20

/** Accepts nothing. */
export const NEVER: Shape = {}

/** Accepts everything. */
export const ANY = anything()

function anything(): Shape {
  const any = { null: true, boolean: {}, number: { integer: false, large: false }, string: {}, array: {}, object: {} }
  Object.assign(any, { array: { items: any }, object: { properties: [], others: any } })
  return any as unknown as Shape
}

export const isNever = (shape: Shape): boolean => kindsOf(shape).length === 0

export function isAny(shape: Shape): boolean {
  if (shape === ANY) return true
  const { number, array, object } = shape
  if (!shape.null || !shape.boolean || !number || !shape.string || !array || !object) return false
  if (shape.boolean.values || number.values || number.integer || shape.string.values) return false
  return isAny(array.items) && object.properties.length === 0 && object.others !== undefined && isAny(object.others)
}

const KINDS = ['string', 'number', 'boolean', 'array', 'object', 'null'] as const

export const kindsOf = (shape: Shape): Array<(typeof KINDS)[number]> => KINDS.filter(kind => shape[kind] !== undefined)

/** Accepts every value that one of them accepts. */
export function unionOf(shapes: readonly Shape[]): Shape {
  const different = [...new Set(shapes)].filter(shape => !isNever(shape))
  if (different.length === 1) return different[0] as Shape
  if (different.some(isAny)) return ANY
  const having = <K extends keyof Shape>(kind: K) =>
    different.flatMap(shape => (shape[kind] === undefined ? [] : [shape[kind] as NonNullable<Shape[K]>]))
  const [booleans, numbers, strings, arrays, objects] = [
    having('boolean'),
    having('number'),
    having('string'),
    having('array'),
    having('object'),
  ]
  return {
    ...(different.some(shape => shape.null) ? { null: true } : {}),
    ...(booleans.length > 0 ? { boolean: scalarUnion(booleans) } : {}),
    ...(numbers.length > 0 ? { number: numberUnion(numbers) } : {}),
    ...(strings.length > 0 ? { string: scalarUnion(strings) } : {}),
    ...(arrays.length > 0 ? { array: { items: unionOf(arrays.map(({ items }) => items)) } } : {}),
    ...(objects.length > 0 ? { object: objectUnion(objects) } : {}),
  }
}

function scalarUnion<T>(scalars: ReadonlyArray<Scalar<T>>): Scalar<T> {
  const values = new Set<T>()
  for (const scalar of scalars) {
    if (scalar.values === undefined) return {}
    for (const value of scalar.values) values.add(value)
  }
  return values.size > VALUES_MAX ? {} : { values: [...values] }
}

function numberUnion(numbers: ReadonlyArray<Scalar<number> & NumberRange>): Scalar<number> & NumberRange {
  const { values } = scalarUnion(numbers)
  const integer = numbers.every(({ integer }) => integer)
  const isMixed = !integer && numbers.some(({ integer, values }) => integer && values === undefined)
  return { values, integer, large: isMixed || numbers.some(({ large }) => large) }
}

/**
 * The union as one object: a property is required where each alternative requires it; where an alternative does not
 * name it, that alternative's other properties may have the name.
 */
function objectUnion(objects: readonly ObjectShape[]): ObjectShape {
  const alternatives = [...new Set(objects.flatMap(object => object.alternatives ?? [object]))]
  if (alternatives.length === 1) return alternatives[0] as ObjectShape
  const byName = alternatives.map(({ properties }) => new Map(properties.map(property => [property.name, property])))
  const names = new Set(alternatives.flatMap(({ properties }) => properties.map(({ name }) => name)))
  const properties = [...names].map((name): Property => {
    const found = byName.map(properties => properties.get(name))
    return {
      name,
      required: found.every(property => property?.required),
      shape: unionOf(found.map((property, index) => property?.shape ?? alternatives[index]?.others ?? NEVER)),
      description: found.find(property => property?.description !== undefined)?.description,
    }
  })
  const others = alternatives.flatMap(alternative => alternative.others ?? [])
  const areNamed = properties.length > 0 && alternatives.length <= ALTERNATIVES_MAX
  return {
    properties,
    others: others.length === 0 ? undefined : unionOf(others),
    alternatives: areNamed ? alternatives : undefined,
  }
}
