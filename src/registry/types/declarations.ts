/** The types of one file: each thing that needs a name gets one at its first use, the outermost first. */
import { createNames, type Names, pascalCase, singular, wordsOf } from './names.ts'
import type { ObjectShape, Shape } from './shapes.ts'

/** The position of a type: the property names that lead to it. */
export type Place = readonly string[]

export interface Declarations {
  /**
   * The name of an object type, or of a list of values. Every name begins with the event's, so that many events fit
   * into one package.
   */
  nameOf(thing: ObjectShape | Shape, place: Place, label?: string): string
  /** Everything with a name, in order; the list grows while it is iterated. */
  readonly declared: ReadonlyArray<{ thing: ObjectShape | Shape; name: string; place: Place }>
  readonly names: Names
}

export function createDeclarations(
  root: string,
  options: { initialisms?: boolean; taken?: string[] } = {},
): Declarations {
  const names = createNames(options.taken ?? [])
  const known = new Map<ObjectShape | Shape, string>()
  const declared: Array<{ thing: ObjectShape | Shape; name: string; place: Place }> = []
  const typeName = (place: Place): string =>
    root + place.map(part => pascalCase(wordsOf(part), options.initialisms)).join('')
  return {
    names,
    declared,
    nameOf(thing, place, label) {
      const found = known.get(thing)
      if (found !== undefined) return found
      const byPlace = place.map((_, index) => typeName(place.slice(place.length - 1 - index)))
      const candidates = place.length === 0 ? [root] : byPlace
      const name = names.take(...(label === undefined ? [] : [typeName([label])]), ...candidates)
      known.set(thing, name)
      declared.push({ thing, name, place })
      return name
    },
  }
}

/** The position of one item of a list or map. */
export const itemPlace = (place: Place): Place => {
  const last = place.at(-1) ?? 'item'
  const one = singular(last)
  return one === last ? place : [...place.slice(0, -1), one]
}
