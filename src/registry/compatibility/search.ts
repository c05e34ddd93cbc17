/**
 * Whether a form accepts any value: by cases, type by type. `empty` is a proof that it accepts none; a value found is
 * checked against the form before it is returned. An inclusion of one schema in another is such a question: does any
 * value satisfy the first and not the second?
 */
import { createPatterns } from '../../json/patterns.ts'
import { formatOf } from '../formats.ts'
import type { Atom, Form, Forms } from './form.ts'
import { holds } from './holds.ts'
import { EACH_TYPE, guardOf, kindOf } from './json-types.ts'
import { spend } from './proof-work.ts'
import { findList } from './search-lists.ts'
import { findMembers } from './search-members.ts'
import { findNumber } from './search-numbers.ts'
import { findString } from './search-strings.ts'
import { accepted, EMPTY, type Found, type Literals, type Search } from './search-terms.ts'

/** Alternatives are tried out together up to this depth; each adds one to it. */
const CASES_DEPTH_MAX = 24

export function createSearch(forms: Forms, hints: ReadonlySet<string>): Search {
  const pattern = createPatterns((instructions, characters) => spend((instructions * characters) / 1_000))
  const search: Search = { forms, pattern, hints, find, isEmpty: form => find(form)?.empty === true }
  const known = new Map<number, Found>()
  const ofType = new Map<number, Form>()
  const atLeaf = new Map<number, Found>()

  function find(form: Form): Found {
    const found = known.get(form.id)
    if (found !== undefined || known.has(form.id)) return found
    const answer = findFirst(EACH_TYPE, type => ((form.mask & type) !== 0 ? byCases(form, type, 0) : EMPTY))
    known.set(form.id, answer)
    return answer
  }

  /** Empty if all are; the first value otherwise. */
  function findFirst<Each>(list: Iterable<Each>, look: (each: Each) => Found): Found {
    let answer: Found = EMPTY
    for (const each of list) {
      const found = look(each)
      if (found?.empty === false) return found
      if (found === undefined) answer = undefined
    }
    return answer
  }

  function byCases(whole: Form, type: number, depth: number): Found {
    spend(1)
    const form = specialised(whole, type)
    if (form === forms.nothing) return EMPTY
    const parts = partsOf(form)
    const listed = parts.filter(part => part.kind === 'values').sort((a, b) => a.values.length - b.values.length)[0]
    if (listed) return amongValues(form, listed.values, type)
    const leaf = atTheLeaf(form, type)
    if (leaf?.empty) return leaf
    if (leaf && holds(form, leaf.value, pattern) === true) return leaf
    const compound = parts.filter(isCompound)
    if (compound.length === 0 || depth > CASES_DEPTH_MAX) return undefined
    const narrowed = lookAhead(form, parts, compound, type)
    if (narrowed !== form) return byCases(narrowed, type, depth + 1)
    const [first, ...others] = compound.map(each => ({ each, options: optionsOf(each) })).sort(byFewest)
    if (!first) return undefined
    const rest = [...parts.filter(part => !isCompound(part)), ...others.map(({ each }) => each)]
    return findFirst(first.options, option => byCases(forms.all([...rest, option]), type, depth + 1))
  }

  function amongValues(form: Form, values: unknown[], type: number): Found {
    return findFirst(values, value => {
      if (kindOf(value) !== type) return EMPTY
      const answer = holds(form, value, pattern)
      return answer === undefined ? undefined : answer ? accepted(value) : EMPTY
    })
  }

  /** Alternatives that cannot hold are dropped; those that must hold are added. The same form if nothing changes. */
  function lookAhead(form: Form, parts: Form[], compound: Form[], type: number): Form {
    const base = parts.filter(part => !isCompound(part))
    const isImpossible = (option: Form): boolean =>
      atTheLeaf(specialised(forms.all([...base, option]), type), type)?.empty === true
    const kept = compound.map((each): Form => {
      if (each.kind === 'not') {
        if (isImpossible(each.part)) return forms.anything
        if (each.part.kind === 'one') {
          const possible = each.part.parts.filter(part => !isImpossible(part))
          return possible.length < each.part.parts.length ? forms.not(forms.one(possible)) : each
        }
      }
      if (each.kind === 'one') {
        const possible = each.parts.filter(part => !isImpossible(part))
        return possible.length < each.parts.length ? forms.one(possible) : each
      }
      const options = optionsOf(each)
      const possible = options.filter(option => !isImpossible(option))
      return possible.length < options.length ? forms.any(possible) : each
    })
    return kept.every((each, index) => each === compound[index]) ? form : forms.all([...base, ...kept])
  }

  /** Whether the atoms alone are impossible, or a value that satisfies them. */
  function atTheLeaf(form: Form, type: number): Found {
    const key = form.id * 128 + type
    if (atLeaf.has(key)) return atLeaf.get(key)
    spend(1)
    const answer = form === forms.nothing ? EMPTY : ofAtoms(literalsIn(form, type))
    atLeaf.set(key, answer)
    return answer
  }

  function ofAtoms(literals: Literals): Found {
    switch (literals.type) {
      case 1:
        return accepted(null)
      case 2:
        return accepted(true)
      case 4:
      case 8:
        return findNumber(literals, search)
      case 16:
        return findString(literals, search)
      case 32:
        return findList(literals, search)
      default:
        return findMembers(literals, search)
    }
  }

  /** The terms of a form for values of one type. */
  function specialised(form: Form, type: number): Form {
    if ((form.mask & type) === 0) return forms.nothing
    const key = form.id * 128 + type
    const found = ofType.get(key)
    if (found) return found
    const made = specialise(form, type)
    ofType.set(key, made)
    return made
  }

  function specialise(form: Form, type: number): Form {
    switch (form.kind) {
      case 'all':
        return forms.all(form.parts.map(part => specialised(part, type)))
      case 'any':
        return forms.any(form.parts.map(part => specialised(part, type)))
      case 'one':
        return forms.one(form.parts.map(part => specialised(part, type)))
      case 'not':
        return forms.not(specialised(form.part, type))
      case 'types':
        return (form.of & type) !== 0 ? forms.anything : forms.nothing
      case 'values':
        if (type === 1 || type === 2) return ofConstants(form, type)
        if (form.mask === type) return form
        return forms.values(form.values.filter(value => kindOf(value) === type))
      case 'format':
        return assertsNothing(form.name) ? forms.anything : guarded(form, type)
      default:
        return guarded(form, type)
    }
  }

  /** All values of the type are listed: it is no restriction. */
  function ofConstants(form: Form & { kind: 'values' }, type: number): Form {
    const listed = form.values.filter(value => kindOf(value) === type)
    return listed.length === type ? forms.anything : forms.values(listed)
  }

  /** The alternatives of a compound form, one of which must hold. */
  function optionsOf(form: Form): Form[] {
    if (form.kind === 'any') return form.parts
    if (form.kind === 'one')
      return form.parts.map((part, at) => forms.all([part, ...without(form.parts, at).map(forms.not)]))
    if (form.kind !== 'not') return [form]
    const { part } = form
    if (part.kind === 'all') return part.parts.map(forms.not)
    if (part.kind !== 'one') return [form]
    const pairs = part.parts.flatMap((each, at) => part.parts.slice(at + 1).map(other => forms.all([each, other])))
    return [forms.all(part.parts.map(forms.not)), ...pairs]
  }

  const guarded = (form: Atom, type: number): Form => ((guardOf(form) & type) !== 0 ? form : forms.anything)

  return search
}

/** Formats that are names only. */
export const assertsNothing = (name: string): boolean => formatOf(name) === undefined

export const partsOf = (form: Form): Form[] => (form.kind === 'all' ? form.parts : [form])

const isCombinator = (form: Form): boolean => form.kind === 'all' || form.kind === 'any' || form.kind === 'one'
const isCompound = (form: Form): boolean => isCombinator(form) || (form.kind === 'not' && isCombinator(form.part))

function literalsIn(form: Form, type: number): Literals {
  const literals: Literals = { type, holding: [], failing: [] }
  for (const part of partsOf(form)) {
    if (isCompound(part)) continue
    if (part.kind === 'not') literals.failing.push(part.part as Atom)
    else literals.holding.push(part as Atom)
  }
  return literals
}

const without = (parts: Form[], at: number): Form[] => parts.filter((_, index) => index !== at)
const byFewest = (a: { options: Form[] }, b: { options: Form[] }): number => a.options.length - b.options.length
