/** Arrays: places and the rest, counts, what is contained, and whether items differ. */
import type { Atom, AtomOf, Form } from './form.ts'
import { accepted, EMPTY, type Found, type Literals, type Search } from './search-terms.ts'

/** Items that a value made for a counterexample has at most. */
const ITEMS_MAX = 40

export function findList({ holding, failing }: Literals, search: Search): Found {
  const { forms } = search
  const lists = holding.filter(isList)
  const places = Math.max(0, ...[...lists, ...failing.filter(isList)].map(each => each.places.length))
  const at = (index: number): Form => forms.all(lists.map(each => each.places[index] ?? each.rest))
  let { low, high } = countsOf(holding)
  for (let index = 0; index <= places && index < high; index++) if (search.isEmpty(at(index))) high = index
  if (low > high) return EMPTY
  /** One index for each place, and one for all behind them. */
  const indexes = Array.from({ length: places + 1 }, (_, index) => index).filter(index => index < high)

  const needed: Array<{ index: number; form: Form }> = []
  for (const atom of failing.filter(isList)) {
    const options = indexes.map(index => ({
      index,
      form: forms.all([at(index), forms.not(atom.places[index] ?? atom.rest)]),
    }))
    const possible = options.filter(({ form }) => !search.isEmpty(form))
    if (possible.length === 0) return EMPTY
    needed.push(possible.find(({ form }) => search.find(form)?.empty === false) ?? possible[0]!)
  }
  for (const atom of holding) {
    if (atom.kind !== 'contains') continue
    const options = indexes.map(index => ({ index, form: forms.all([at(index), atom.part]) }))
    const possible = options.filter(({ form }) => !search.isEmpty(form))
    if (atom.min > 0 && (possible.length === 0 || high < atom.min)) return EMPTY
    const isEach = indexes.every(index => search.isEmpty(forms.all([at(index), forms.not(atom.part)])))
    if (isEach) low = Math.max(low, atom.min)
    if (isEach && low > Math.min(high, atom.max)) return EMPTY
    for (let count = 0; count < Math.min(atom.min, ITEMS_MAX) && possible.length > 0; count++)
      needed.push({ index: possible.at(-1)!.index + count, form: possible.at(-1)!.form })
  }
  if (failing.some(atom => isImplied(atom, holding, low, high, indexes, at, search))) return EMPTY
  return build({ low, high, needed, failing, at }, search)
}

const isList = (atom: Atom): atom is AtomOf<'list'> => atom.kind === 'list'

function countsOf(holding: Atom[]): { low: number; high: number } {
  const counts = { low: 0, high: Number.POSITIVE_INFINITY }
  for (const atom of holding) {
    if (atom.kind !== 'bound') continue
    if (atom.side === 'min') counts.low = Math.max(counts.low, Math.ceil(atom.limit))
    else counts.high = Math.min(counts.high, Math.floor(atom.limit))
  }
  return counts
}

/** Whether every array of these bounds satisfies an atom that must fail. */
function isImplied(
  atom: Atom,
  holding: Atom[],
  low: number,
  high: number,
  indexes: number[],
  at: (index: number) => Form,
  { forms, isEmpty }: Search,
): boolean {
  if (atom.kind === 'unique') return high < 2
  if (atom.kind !== 'contains') return false
  const { part, min, max } = atom
  if (holding.some(each => each.kind === 'contains' && each.part === part && each.min >= min && each.max <= max))
    return true
  const isEach = indexes.every(index => isEmpty(forms.all([at(index), forms.not(part)])))
  if (isEach) return low >= min && high <= max
  const isNone = indexes.every(index => isEmpty(forms.all([at(index), part])))
  return isNone && min <= 0
}

interface Wanted {
  low: number
  high: number
  needed: Array<{ index: number; form: Form }>
  failing: Atom[]
  at: (index: number) => Form
}

function build({ low, high, needed, failing, at }: Wanted, search: Search): Found {
  const repeats = failing.some(({ kind }) => kind === 'unique')
  const length = Math.max(low, repeats ? 2 : 0, ...needed.map(({ index }) => index + 1))
  if (length > high || length > ITEMS_MAX) return undefined
  const items: unknown[] = []
  for (let index = 0; index < length; index++) {
    const forms = needed.filter(each => each.index === index).map(({ form }) => form)
    const found = search.find(search.forms.all([at(index), ...forms]))
    if (found?.empty !== false) return undefined
    items.push(found.value)
  }
  if (repeats) items[1] = items[0]
  return accepted(items)
}
