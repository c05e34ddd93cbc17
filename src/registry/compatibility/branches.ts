/**
 * Alternatives of an `anyOf` or `oneOf` that changed, compared in pairs: so a property may come to one of several open
 * objects, and a refusal names the place within the alternative.
 */
import type { Comparison, Place } from './compare.ts'
import type { Form } from './form.ts'
import type { Literal, Part } from './literals.ts'
import { BOTH, type Question } from './report.ts'

/** The literals that were compared; empty: the usual comparison of combinators applies. */
export function compareBranches(place: Place, added: Literal[], removed: Literal[], comparison: Comparison): Literal[] {
  const [next, old] = [added.filter(isBranching), removed.filter(isBranching)]
  const [after, before] = [next[0], old[0]]
  if (!after?.branches || !before?.branches || next.length + old.length > 2) return []
  if (after.keyword !== before.keyword || after.branches.length !== before.branches.length) return []
  const pairs = pairsOf(before.branches, after.branches, comparison)
  if (!pairs || (after.keyword === 'oneOf' && !staysApart(place, pairs, after.branches, before.branches, comparison)))
    return []
  const others = (literals: Literal[], one: Literal): Form =>
    comparison.forms.all(literals.filter(each => each !== one).map(({ form }) => form))
  const asks = asked(place, before, after, comparison)
  const siblings = { old: others(place.oldLiterals, before), next: others(place.newLiterals, after) }
  for (const [was, is] of pairs) {
    const { forms, provedIn } = comparison
    // A value that another alternative takes is no reason.
    const branch = forms.all([siblings.old, comparison.old.formOf(was.schema)])
    const newBranch = forms.all([siblings.next, comparison.next.formOf(is.schema)])
    const left = asks.filter(each =>
      each === 'producers'
        ? !provedIn(branch, after.form)?.empty
        : !provedIn(newBranch, comparison.reading.opened(before.form))?.empty,
    )
    comparison.compare([was], [is], is.path, left)
  }
  return [before, after]
}

const isBranching = ({ branches, form }: Literal): boolean =>
  branches !== undefined && (form.kind === 'any' || form.kind === 'one')

function asked(place: Place, before: Literal, after: Literal, { provedIn, reading }: Comparison): Question[] {
  return BOTH.filter(each => {
    if (!place.asks.includes(each)) return false
    return each === 'producers'
      ? !provedIn(place.before, after.form)?.empty
      : !provedIn(place.after, reading.opened(before.form))?.empty
  })
}

/** Each branch that stays is left out once; the others are paired in their order. Undefined: their numbers differ. */
function pairsOf(before: Part[], after: Part[], { old, next }: Comparison): Array<[Part, Part]> | undefined {
  const gone = [...before]
  const come = after.filter(({ schema }) => {
    const form = next.formOf(schema)
    const same = gone.findIndex(each => old.formOf(each.schema) === form)
    if (same >= 0) gone.splice(same, 1)
    return same < 0
  })
  return gone.length === come.length && gone.length > 0 ? gone.map((was, at) => [was, come[at] as Part]) : undefined
}

/** Whether no value of a changed alternative is one of another, before and after. */
function staysApart(
  place: Place,
  pairs: Array<[Part, Part]>,
  after: Part[],
  before: Part[],
  { forms, search, old, next }: Comparison,
): boolean {
  const apart = (within: Form, one: Form, other: Form): boolean => search.isEmpty(forms.all([within, one, other]))
  return pairs.every(
    ([was, is]) =>
      after.every(other => other === is || apart(forms.anything, next.formOf(is.schema), next.formOf(other.schema))) &&
      before.every(other => other === was || apart(place.after, next.formOf(is.schema), old.formOf(other.schema))),
  )
}
