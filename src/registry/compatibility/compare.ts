/**
 * The walk over an old and a new schema: what both say vanishes, and of the rest each statement is proved or refused
 * where it is made. A statement that the new schema adds must hold for all that the old one takes; one that it drops
 * must hold for all that the new one takes, read as consumers read it.
 */
import { pointerTo } from '../../json/json-pointer.ts'
import { compareBranches } from './branches.ts'
import type { Form, Forms } from './form.ts'
import { compareItems } from './items.ts'
import type { Literal, Part, Reader } from './literals.ts'
import { compareMembers } from './members.ts'
import type { Reading } from './opened.ts'
import { spend } from './proof-work.ts'
import type { MinorReport, Question } from './report.ts'
import { compareScalars } from './scalars.ts'
import type { Found, Search } from './search-terms.ts'

export interface Comparison {
  forms: Forms
  search: Search
  reading: Reading
  report: MinorReport
  old: Reader
  next: Reader
  /** Whether a form includes another: `empty` is a proof, a value is a counterexample, undefined is neither. */
  provedIn(smaller: Form, larger: Form): Found
  /** Compares two places; each is a conjunction of schemas. */
  compare(old: Part[], next: Part[], path: string, asks: readonly Question[]): void
}

/** Two schemas for the same values. */
export interface Place {
  before: Form
  after: Form
  /** Pointer of the place in the new schema. */
  path: string
  asks: readonly Question[]
  oldLiterals: Literal[]
  newLiterals: Literal[]
  /** The old schema's part at the place, with its pointer in the new one. */
  formerly(literal: Literal): Literal
  /** Whether only the new schema lists a property, and its pointer. */
  isAdded(name: string): boolean
  isShownName(name: string): string
}

export function createComparison(parts: Omit<Comparison, 'compare' | 'provedIn'>): Comparison {
  const compared = new Set<string>()
  const { forms, search } = parts
  const comparison: Comparison = {
    ...parts,
    provedIn: (smaller, larger) => search.find(forms.all([smaller, forms.not(larger)])),
    compare,
  }

  function compare(old: Part[], next: Part[], path: string, asks: readonly Question[]): void {
    if (asks.length === 0) return
    const oldLiterals = union(old, parts.old)
    const newLiterals = union(next, parts.next)
    const key = `${idsOf(oldLiterals)}|${idsOf(newLiterals)}|${asks}`
    if (compared.has(key)) return
    compared.add(key)
    const before = forms.all(oldLiterals.map(({ form }) => form))
    const after = forms.all(newLiterals.map(({ form }) => form))
    // A value that siblings make impossible is no reason.
    const left = asks.filter(each => each === 'consumers' || !comparison.provedIn(before, after)?.empty)
    const [was, is] = [placeOf(old, parts.old), placeOf(next, parts.next)]
    const at = is ?? path
    const formerly = (literal: Literal): Literal =>
      literal.path === pointerTo(was ?? '', literal.keyword)
        ? { ...literal, path: pointerTo(at, literal.keyword) }
        : literal
    comparePlace({
      ...{ before, after, path: at, asks: left, oldLiterals, newLiterals, formerly },
      ...namesOf(oldLiterals, newLiterals),
    })
  }

  function comparePlace(place: Place): void {
    const { oldLiterals, newLiterals } = place
    const said = (list: Literal[]): Set<Form> => new Set(list.map(({ form }) => form))
    const [inOld, inNew] = [said(oldLiterals), said(newLiterals)]
    const isScalar = (literal: Literal): boolean => !literal.members && !literal.items
    // `minContains: 0` says nothing, and is the place of a bound that went.
    const added = newLiterals.filter(each => isScalar(each) && (each.contained || !inOld.has(each.form)))
    const removed = oldLiterals.filter(each => isScalar(each) && !inNew.has(each.form)).map(place.formerly)
    const paired = compareBranches(place, added, removed, comparison)
    const isLeft = (literal: Literal): boolean => !paired.includes(literal)
    compareScalars(place, added.filter(isLeft), removed.filter(isLeft), comparison)
    compareMembers(place, comparison)
    compareItems(place, comparison)
  }

  return comparison
}

/** Where a single schema is written, references followed. */
const placeOf = (list: Part[], reader: Reader): string | undefined =>
  list.length === 1 ? reader.placeOf(list[0] as Part) : undefined
const idsOf = (literals: Literal[]): string => literals.map(({ form }) => form.id).join()

/** Each statement once; of members and items, each place that says it. */
function union(list: Part[], reader: Reader): Literal[] {
  const seen = new Set<Form>()
  const literals = list.flatMap(part => {
    const found = reader.literals(part)
    spend(1 + found.length / 8)
    return found
  })
  return literals.filter(({ form, members, items }) => {
    if (seen.has(form)) return Boolean(members ?? items)
    seen.add(form)
    return true
  })
}

function namesOf(oldLiterals: Literal[], newLiterals: Literal[]): Pick<Place, 'isAdded' | 'isShownName'> {
  const lists = (literals: Literal[], name: string): Part | undefined =>
    literals.map(({ members }) => members?.named.get(name)).find(each => each !== undefined)
  return {
    isAdded: name => lists(newLiterals, name) !== undefined && lists(oldLiterals, name) === undefined,
    isShownName: name => lists(newLiterals, name)?.path ?? '',
  }
}
