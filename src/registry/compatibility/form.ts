/**
 * The semantics of a schema in a normal form: combinators are sets, one-value enums are constants, references are
 * followed, keywords without effect are absent. Equal forms are one object with one id, so equality is a comparison of
 * ids. A form that asks something of one type of JSON accepts every value of the other types.
 */
import { identityOf } from '../../json/canonical-json.ts'
import { ALL_TYPES, ARRAY, BOUND_TYPES, kindOf, typeMaskOf } from './json-types.ts'
import { spend } from './proof-work.ts'

/** `mask`: the types that it may accept values of. */
interface Numbered {
  id: number
  mask: number
}

export type Atom = Numbered &
  (
    | { kind: 'types'; of: number }
    | { kind: 'values'; values: unknown[]; keys: ReadonlySet<string>; simple: ReadonlySet<unknown> }
    | { kind: 'bound'; of: Counted; side: 'min' | 'max'; limit: number; exclusive: boolean }
    | { kind: 'multiple'; divisor: number }
    | { kind: 'pattern'; text: string }
    | { kind: 'format'; name: string }
    | { kind: 'unique' }
    | { kind: 'list'; places: Form[]; rest: Form }
    | { kind: 'contains'; part: Form; min: number; max: number }
    | { kind: 'has'; name: string }
    | { kind: 'members'; named: ReadonlyMap<string, Form>; patterns: ReadonlyMap<string, Form>; others: Form }
    | { kind: 'names'; part: Form }
    /** Known by its text only. `guards`: the types that it asks something of; 0: it validates nothing. */
    | { kind: 'opaque'; text: string; guards: number; opens: boolean }
  )

export type Form = Atom | (Numbered & ({ kind: 'all' | 'any' | 'one'; parts: Form[] } | { kind: 'not'; part: Form }))

export type Counted = 'number' | 'length' | 'items' | 'properties'
export type AtomOf<Kind extends Atom['kind']> = Extract<Atom, { kind: Kind }>
type Unnumbered<Each> = Each extends Form ? Omit<Each, 'id' | 'mask'> : never

export interface Forms {
  readonly anything: Form
  readonly nothing: Form
  types(mask: number): Form
  values(values: unknown[]): Form
  bound(of: Counted, side: 'min' | 'max', limit: number, exclusive?: boolean): Form
  list(places: Form[], rest: Form): Form
  contains(part: Form, min: number, max: number): Form
  members(named: ReadonlyMap<string, Form>, patterns: ReadonlyMap<string, Form>, others: Form): Form
  names(part: Form): Form
  atom(atom: Unnumbered<AtomOf<'multiple' | 'pattern' | 'format' | 'unique' | 'has' | 'opaque'>>): Form
  all(parts: Iterable<Form>): Form
  any(parts: Iterable<Form>): Form
  one(parts: Form[]): Form
  not(part: Form): Form
}

/** The forms of one comparison; both sides share them. */
export function createForms(): Forms {
  const known = new Map<string, Form>()
  const make = (text: string, form: Unnumbered<Form>): Form => {
    spend(1)
    const found = known.get(text)
    if (found) return found
    const made = { ...form, id: known.size, mask: typeMaskOf(form as Form) } as Form
    known.set(text, made)
    return made
  }
  const anything = make('all', { kind: 'all', parts: [] })
  const nothing = make('any', { kind: 'any', parts: [] })
  const idsOf = (parts: Form[]): string => {
    spend(parts.length / 16)
    return parts.map(({ id }) => id).join()
  }

  const types = (mask: number): Form =>
    mask === ALL_TYPES ? anything : mask === 0 ? nothing : make(`types ${mask}`, { kind: 'types', of: mask })

  function values(list: unknown[]): Form {
    const byKey = new Map(list.map(value => [identityOf(value), value]))
    if (byKey.size === 0) return nothing
    spend(list.length / 4)
    const keys = [...byKey.keys()].sort()
    const distinct = keys.map(key => byKey.get(key))
    return make(`values ${keys}`, { kind: 'values', values: distinct, keys: new Set(keys), simple: new Set(distinct) })
  }

  function bound(of: Counted, side: 'min' | 'max', limit: number, exclusive = false): Form {
    const isCount = of !== 'number'
    if (isCount && side === 'min' && limit <= 0) return anything
    if (isCount && side === 'max' && limit < 0) return types(ALL_TYPES & ~BOUND_TYPES[of])
    return make(`${of} ${side} ${limit} ${exclusive}`, { kind: 'bound', of, side, limit, exclusive })
  }

  function list(places: Form[], rest: Form): Form {
    const kept = [...places]
    while (kept.length > 0 && kept.at(-1) === rest) kept.pop()
    if (kept.length === 0 && rest === anything) return anything
    return make(`list ${idsOf(kept)} ${rest.id}`, { kind: 'list', places: kept, rest })
  }

  function contains(part: Form, min: number, max: number): Form {
    if (min <= 0 && max === Number.POSITIVE_INFINITY) return anything
    return make(`contains ${part.id} ${min} ${max}`, { kind: 'contains', part, min, max })
  }

  function members(named: ReadonlyMap<string, Form>, patterns: ReadonlyMap<string, Form>, others: Form): Form {
    const isOpen = [...named.values(), ...patterns.values(), others].every(each => each === anything)
    if (isOpen) return anything
    const text = (map: ReadonlyMap<string, Form>): string =>
      JSON.stringify([...map].map(([key, { id }]) => [key, id]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
    spend(named.size / 16)
    return make(`members ${text(named)} ${text(patterns)} ${others.id}`, { kind: 'members', named, patterns, others })
  }

  const names = (part: Form): Form => (part === anything ? anything : make(`names ${part.id}`, { kind: 'names', part }))

  function all(parts: Iterable<Form>): Form {
    const found = new Map<number, Form>()
    let mask = ALL_TYPES
    const include = (part: Form): void => {
      spend(1 / 16)
      if (part.kind === 'all') for (const each of part.parts) include(each)
      else if (part.kind === 'types') mask &= part.mask
      else found.set(part.id, part)
    }
    for (const part of parts) include(part)
    const isAmong = (part: Form): boolean =>
      part.kind === 'types'
        ? (mask & ~part.of) === 0
        : part.kind === 'all'
          ? part.parts.every(isAmong)
          : found.has(part.id)
    if (mask === 0 || found.has(nothing.id)) return nothing
    for (const part of [...found.values()]) {
      if (part.kind !== 'not') continue
      if (isAmong(part.part)) return nothing
      if (part.part.kind !== 'all') continue
      // Terms beside a negation say nothing within it.
      const left = part.part.parts.filter(each => !isAmong(each))
      if (left.length === part.part.parts.length) continue
      found.delete(part.id)
      include(not(all(left)))
    }
    if (mask === 0 || found.has(nothing.id)) return nothing
    const typed = types(mask)
    if (typed !== anything) found.set(typed.id, typed)
    if (found.size === 1) return [...found.values()][0] as Form
    const sorted = [...found.values()].sort((a, b) => a.id - b.id)
    return sorted.length === 0 ? anything : make(`all ${idsOf(sorted)}`, { kind: 'all', parts: sorted })
  }

  function any(parts: Iterable<Form>): Form {
    const found = new Map<number, Form>()
    const listed: unknown[] = []
    let mask = 0
    const include = (part: Form): void => {
      spend(1 / 16)
      if (part.kind === 'any') for (const each of part.parts) include(each)
      else if (part.kind === 'types') mask |= part.mask
      else if (part.kind === 'values') listed.push(...part.values)
      else found.set(part.id, part)
    }
    for (const part of parts) include(part)
    if (mask === ALL_TYPES || found.has(anything.id)) return anything
    for (const part of found.values()) if (part.kind === 'not' && found.has(part.part.id)) return anything
    const beyond = listed.filter(value => (kindOf(value) & mask) === 0)
    for (const form of [types(mask), values(beyond)]) if (form !== nothing) found.set(form.id, form)
    if (found.size === 1) return [...found.values()][0] as Form
    const sorted = [...found.values()].sort((a, b) => a.id - b.id)
    return sorted.length === 0 ? nothing : make(`any ${idsOf(sorted)}`, { kind: 'any', parts: sorted })
  }

  function one(parts: Form[]): Form {
    const possible = parts.filter(part => part !== nothing).sort((a, b) => a.id - b.id)
    if (possible.length < 2) return possible[0] ?? nothing
    if (areApart(possible)) return any(possible)
    return make(`one ${idsOf(possible)}`, { kind: 'one', parts: possible })
  }

  function not(part: Form): Form {
    if (part.kind === 'not') return part.part
    if (part.kind === 'types') return types(ALL_TYPES & ~part.mask)
    if (part === anything) return nothing
    if (part.kind === 'any') return all(part.parts.map(not))
    if (part.kind === 'opaque' && part.guards === 0) return nothing
    if (part.kind === 'contains' && part.min === 1 && part.max === Number.POSITIVE_INFINITY)
      return all([types(ARRAY), list([], not(part.part))])
    if (part.kind === 'bound') {
      const side = part.side === 'min' ? 'max' : 'min'
      const beyond =
        part.of === 'number'
          ? bound('number', side, part.limit, !part.exclusive)
          : bound(part.of, side, part.side === 'min' ? part.limit - 1 : part.limit + 1)
      return all([types(BOUND_TYPES[part.of]), beyond])
    }
    return make(`not ${part.id}`, { kind: 'not', part })
  }

  return {
    ...{ anything, nothing, types, values, bound, list, contains, members, names, all, any, one, not },
    atom: atom => make(JSON.stringify(atom), atom as Unnumbered<Form>),
  }
}

/** Whether no value is accepted by two of them, as their types and constants show. */
function areApart(parts: Form[]): boolean {
  let seen = 0
  const keys = new Set<string>()
  for (const part of parts) {
    const { mask } = part
    if (part.kind === 'values') {
      if (part.values.some(value => keys.has(identityOf(value)) || (kindOf(value) & seen) !== 0)) return false
      for (const key of part.keys) keys.add(key)
      continue
    }
    if ((mask & seen) !== 0) return false
    if ([...keys].some(key => (kindOf(JSON.parse(key)) & mask) !== 0)) return false
    seen |= mask
  }
  return true
}
