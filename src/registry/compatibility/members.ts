/** `properties`, `patternProperties`, `additionalProperties` and what `unevaluatedProperties` leaves over, together. */
import { pointerTo } from '../../json/json-pointer.ts'
import type { Comparison, Place } from './compare.ts'
import type { Form } from './form.ts'
import type { Literal, Members, Part, Reader } from './literals.ts'
import { BOTH, type Question, shown } from './report.ts'
import type { Found } from './search-terms.ts'

interface Side {
  groups: Members[]
  names: Set<string>
  /** The schemas that apply to a member of this name. */
  judging(name: string): Part[]
  formOf(parts: Part[]): Form
}

export function compareMembers(place: Place, comparison: Comparison): void {
  const old = sideOf(place.oldLiterals, comparison.old, comparison)
  const next = sideOf(place.newLiterals, comparison.next, comparison)
  if (old.groups.length + next.groups.length === 0) return
  const isSame = (a: Literal[], b: Literal[]): boolean => idsOf(a) === idsOf(b)
  if (isSame(place.oldLiterals.filter(hasMembers), place.newLiterals.filter(hasMembers)) && sameNames(old, next)) return
  const names = [...new Set([...next.names, ...old.names])]
  for (const name of names) {
    const at = next.groups.map(({ named }) => named.get(name)).find(Boolean)?.path ?? property(place.path, name)
    if (!next.names.has(name)) compareRemoved(place, name, at, old, next, comparison)
    else if (!old.names.has(name)) compareAdded(place, name, at, old, next, comparison)
    else comparison.compare(old.judging(name), next.judging(name), at, place.asks)
  }
  const done = comparePatterns(place, old, next, comparison)
  compareOthers(place, old, next, done, comparison)
}

const hasMembers = ({ members }: Literal): boolean => members !== undefined
const idsOf = (literals: Literal[]): string => literals.map(({ form }) => form.id).join()
const sameNames = (old: Side, next: Side): boolean =>
  old.names.size === next.names.size && [...next.names].every(name => old.names.has(name))
const property = (path: string, name: string): string => pointerTo(pointerTo(path, 'properties'), name)

function sideOf(literals: Literal[], reader: Reader, { forms, search }: Comparison): Side {
  const groups = literals.flatMap(({ members }) => members ?? [])
  return {
    groups,
    names: new Set(groups.flatMap(({ named }) => [...named.keys()])),
    judging: name => groups.flatMap(group => partsFor(group, name, search.pattern)),
    formOf: parts => forms.all(parts.map(({ schema }) => reader.formOf(schema))),
  }
}

function partsFor(
  { named, patterns, others }: Members,
  name: string,
  pattern: Comparison['search']['pattern'],
): Part[] {
  const own = named.get(name)
  const found = own ? [own] : []
  for (const [text, part] of patterns) if (pattern(text).test(name)) found.push(part)
  return found.length === 0 ? [others] : found
}

/** Whether all that the old schema takes has only such members of this name. */
function isKept(place: Place, name: string, form: Form, { forms, provedIn }: Comparison): Found {
  return provedIn(place.before, forms.members(new Map([[name, form]]), new Map(), forms.anything))
}

function compareRemoved(place: Place, name: string, at: string, old: Side, next: Side, comparison: Comparison): void {
  const { forms, search, reading, report, provedIn } = comparison
  const [was, is] = [old.formOf(old.judging(name)), next.formOf(next.judging(name))]
  if (search.isEmpty(was)) return
  const fails: Question[] = []
  if (place.asks.includes('producers') && !isKept(place, name, is, comparison)?.empty) fails.push('producers')
  // A pattern or a schema for all other names may say the same; an open model says nothing.
  const isLost = is === forms.anything || search.isEmpty(is) || !provedIn(is, reading.opened(was))?.empty
  if (place.asks.includes('consumers') && isLost) fails.push('consumers')
  if (fails.length > 0) report.refuse(fails, 'property_removed', at)
}

const ADDED = 'was added where the old version takes the name with other content: choose another name'

/** An old payload may contain the name if the old schema allows it; then its value must be valid in the new schema. */
function compareAdded(place: Place, name: string, at: string, old: Side, next: Side, comparison: Comparison): void {
  const { forms, search, reading, report, provedIn } = comparison
  const [was, is] = [old.formOf(old.judging(name)), next.formOf(next.judging(name))]
  const wasOpen = was === forms.anything
  const kept = place.asks.includes('producers') ? isKept(place, name, is, comparison) : { empty: true as const }
  if (!kept?.empty && wasOpen) report.warn('open_model_property_added', at)
  else if (!kept?.empty) report.refuse(['producers'], 'not_provable', at, kept ? ADDED : undefined)
  if (!place.asks.includes('consumers') || wasOpen || search.isEmpty(was)) return
  const expected = provedIn(is, reading.opened(was))
  if (!expected?.empty) report.refuse(['consumers'], 'not_provable', at, expected ? ADDED : undefined)
}

/** Patterns that both have are compared like properties. */
function comparePatterns({ asks }: Place, old: Side, next: Side, { compare }: Comparison): Set<string> {
  const both = new Set<string>()
  for (const { patterns } of next.groups)
    for (const [text, { path }] of patterns) {
      const parts = (side: Side): Part[] => side.groups.flatMap(group => group.patterns.get(text) ?? [])
      if (both.has(text) || parts(old).length === 0) continue
      both.add(text)
      compare(parts(old), parts(next), path, asks)
    }
  return both
}

/** Names that neither schema lists. */
function compareOthers(place: Place, old: Side, next: Side, done: Set<string>, comparison: Comparison): void {
  const { forms, reading, report, provedIn, compare } = comparison
  const listed = [...old.names, ...next.names]
  /** A group as far as it speaks of names that were not compared yet. */
  const rest = (side: Side, { patterns, others }: Members): Form =>
    forms.members(
      new Map(listed.map(name => [name, forms.anything])),
      new Map([...patterns].map(([text, part]) => [text, done.has(text) ? forms.anything : side.formOf([part])])),
      side.formOf([others]),
    )
  const at = pointerTo(place.path, 'additionalProperties')
  const lists = (side: Side): string => JSON.stringify(side.groups.flatMap(each => [...each.patterns.keys()]).sort())
  const [was, is] = [old, next].map(side => side.formOf(side.groups.map(({ others }) => others))) as [Form, Form]
  const unproved = (side: Side, within: Form, read: (form: Form) => Form): Found[] =>
    side.groups.map(group => provedIn(within, read(rest(side, group)))).filter(found => !found?.empty)
  const narrowing = place.asks.includes('producers') ? unproved(next, place.before, form => form) : []
  const widening = place.asks.includes('consumers') ? unproved(old, place.after, reading.opened) : []
  if (narrowing.length + widening.length === 0) return
  const others = (side: Side): Part[] => side.groups.map(group => group.others)
  const hasOthers = was !== forms.anything && was !== forms.nothing && is !== forms.nothing
  if (lists(old) === lists(next) && hasOthers) {
    const asks = BOTH.filter(each => (each === 'producers' ? narrowing : widening).length > 0)
    compare(others(old), others(next), others(next).find(({ schema }) => schema !== true)?.path ?? at, asks)
    return
  }
  const place2 = patternOf(next, done) ?? patternOf(old, done) ?? at
  if (narrowing.length > 0) {
    const isClosed = was === forms.anything ? is !== forms.anything : is === forms.nothing
    if (isClosed) report.refuse(['producers'], narrowing[0] ? 'additional_properties_closed' : 'not_provable', at)
    else refuse(['producers'], 'keyword_narrowed', narrowing[0])
  }
  if (widening.length > 0) refuse(['consumers'], 'keyword_widened', widening[0])

  function refuse(fails: Question[], rule: 'keyword_narrowed' | 'keyword_widened', found: Found): void {
    if (found?.empty === false) report.refuse(fails, rule, place2, shown(rule, found.value))
    else report.refuse(fails, 'not_provable', place2)
  }
}

/** The place of a pattern that only one schema has. */
function patternOf({ groups }: Side, done: Set<string>): string | undefined {
  for (const { patterns } of groups) for (const [text, { path }] of patterns) if (!done.has(text)) return path
  return undefined
}
