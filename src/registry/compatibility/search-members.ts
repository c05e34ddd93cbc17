/** Objects: what each name may hold, which names are there, and how many. */
import type { Atom, AtomOf, Form } from './form.ts'
import { formsFor } from './holds.ts'
import { STRING } from './json-types.ts'
import { accepted, EMPTY, type Found, type Literals, type Search } from './search-terms.ts'

/** Patterns of names whose combinations are tried. */
const PATTERNS_MAX = 4
const MEMBERS_MAX = 60

export function findMembers({ holding, failing }: Literals, search: Search): Found {
  const { forms, isEmpty } = search
  const groups = holding.filter(isMembers)
  const refusing = failing.filter(isMembers)
  const naming = holding.filter(isNames).map(({ part }) => part)
  const required = new Set(holding.filter(isHas).map(({ name }) => name))
  const lacking = new Set(failing.filter(isHas).map(({ name }) => name))
  const { low, high } = countsOf(holding)
  if (low > high || required.size > high || [...required].some(name => lacking.has(name))) return EMPTY

  const isNamed = (name: string): boolean =>
    naming.length === 0 || !isEmpty(forms.all([forms.values([name]), ...naming]))
  const judged = new Map<string, Form>()
  const judging = (name: string): Form => {
    const found = judged.get(name) ?? forms.all(groups.flatMap(group => formsFor(group, name, search.pattern)))
    judged.set(name, found)
    return found
  }
  const isAllowed = (name: string): boolean => !lacking.has(name) && isNamed(name)
  const isPossible = (name: string): boolean => isAllowed(name) && !isEmpty(judging(name))
  for (const name of required) if (!isPossible(name)) return EMPTY

  const listed = new Set([...groups, ...refusing].flatMap(group => [...group.named.keys()]))
  for (const name of [...required, ...lacking, ...listedNames(naming)]) listed.add(name)
  const others = otherNames(groups, refusing, naming, listed, search)
  const allowed = [...listed].filter(isAllowed)
  const isFew = others.length === 0 && low > 0 && (allowed.length < low || allowed.filter(isPossible).length < low)
  if (isFew) return EMPTY

  const needed: Array<[string | undefined, Form]> = []
  for (const atom of refusing) {
    const options = allowed.flatMap(name =>
      formsFor(atom, name, search.pattern).map((form): [string | undefined, Form] => [
        name,
        forms.all([judging(name), forms.not(form)]),
      ]),
    )
    for (const other of others)
      for (const form of other.judged(atom))
        options.push([other.name, forms.all([...groups.flatMap(other.judged), forms.not(form)])])
    const left = options.filter(([, form]) => !isEmpty(form))
    if (left.length === 0) return EMPTY
    const shown = left.find(([name, form]) => name !== undefined && search.find(form)?.empty === false)
    if (shown) needed.push(shown)
  }
  for (const { part } of failing.filter(isNames)) {
    const misnamed = (name: string): boolean => isEmpty(forms.all([forms.values([name]), part]))
    const isOther = others.length > 0 && !isEmpty(forms.all([forms.types(STRING), ...naming, forms.not(part)]))
    const possible = allowed.filter(isPossible)
    const name = possible.find(misnamed) ?? others.map(({ name }) => name).find(each => each && misnamed(each))
    if (name !== undefined) needed.push([name, judging(name)])
    else if (!isOther && possible.every(each => !isEmpty(forms.all([forms.values([each]), part])))) return EMPTY
  }
  return build({ low, required, needed, allowed, others, judging }, search)
}

const isMembers = (atom: Atom): atom is AtomOf<'members'> => atom.kind === 'members'
const isNames = (atom: Atom): atom is AtomOf<'names'> => atom.kind === 'names'
const isHas = (atom: Atom): atom is AtomOf<'has'> => atom.kind === 'has'

function countsOf(holding: Atom[]): { low: number; high: number } {
  const counts = { low: 0, high: Number.POSITIVE_INFINITY }
  for (const atom of holding) {
    if (atom.kind !== 'bound') continue
    if (atom.side === 'min') counts.low = Math.max(counts.low, Math.ceil(atom.limit))
    else counts.high = Math.min(counts.high, Math.floor(atom.limit))
  }
  return counts
}

/** The names that `propertyNames` lists one by one. */
const listedNames = (naming: Form[]): string[] =>
  naming.flatMap(form => {
    const parts = form.kind === 'all' ? form.parts : [form]
    return parts.flatMap(part => (part.kind === 'values' ? part.values : [])).filter(each => typeof each === 'string')
  })

/** Names that no schema lists, of one kind: those that match the same patterns. */
interface OtherNames {
  /** One of them, where one is known. */
  name: string | undefined
  judged(group: AtomOf<'members'>): Form[]
}

/** Every kind of unlisted names that may occur; a kind without a name of its own may still be empty. */
function otherNames(
  groups: Array<AtomOf<'members'>>,
  refusing: Array<AtomOf<'members'>>,
  naming: Form[],
  listed: ReadonlySet<string>,
  search: Search,
): OtherNames[] {
  const { forms, isEmpty, pattern } = search
  const unlisted = forms.not(forms.values([...listed]))
  if (naming.length > 0 && isEmpty(forms.all([forms.types(STRING), ...naming, unlisted]))) return []
  const patterns = [...new Set([...groups, ...refusing].flatMap(group => [...group.patterns.keys()]))]
  const samples = [...FRESH, ...search.hints, ...patterns.flatMap(samplesOf)].filter(name => !listed.has(name))
  const kinds = patterns.length > PATTERNS_MAX ? [undefined] : subsets(patterns)
  return kinds
    .map((kind): OtherNames => {
      const fits = (name: string): boolean =>
        (!kind || patterns.every(text => pattern(text).test(name) === kind.has(text))) &&
        (naming.length === 0 || !isEmpty(forms.all([forms.values([name]), ...naming])))
      return {
        name: samples.find(fits),
        judged: group => judgedBy(group, kind, groups.includes(group), forms.anything),
      }
    })
    .filter(({ judged }) => !isEmpty(forms.all(groups.flatMap(judged))))
}

/** `kind` undefined: any patterns may match, so each answer is taken for possible. */
function judgedBy(
  { patterns, others }: AtomOf<'members'>,
  kind: ReadonlySet<string> | undefined,
  mustHold: boolean,
  anything: Form,
): Form[] {
  if (kind) {
    const matching = [...patterns].filter(([text]) => kind.has(text)).map(([, form]) => form)
    return matching.length > 0 ? matching : [others]
  }
  if (patterns.size === 0) return [others]
  return mustHold ? [anything] : [...patterns.values(), others]
}

const FRESH = ['other', 'x', 'a1', 'A', 'b', 'c', '_', '0', 'new_name', 'zz', 'Other-1', 'x-other']
const samplesOf = (text: string): string[] => {
  const bare = text.replace(/[\^$\\()]/g, '').replace(/\[[^\]]*\]/g, 'a')
  return [bare, bare.replace(/[.+*?]/g, ''), ...bare.split('|')]
}

function subsets(patterns: string[]): Array<ReadonlySet<string>> {
  return Array.from(
    { length: 2 ** patterns.length },
    (_, bits) => new Set(patterns.filter((_each, at) => bits & (1 << at))),
  )
}

interface Wanted {
  low: number
  required: ReadonlySet<string>
  needed: Array<[string | undefined, Form]>
  allowed: string[]
  others: OtherNames[]
  judging(name: string): Form
}

function build({ low, required, needed, allowed, others, judging }: Wanted, { find, forms }: Search): Found {
  const wanted = new Map<string, Form>([...required].map(name => [name, judging(name)]))
  for (const [name, form] of needed)
    if (name !== undefined) wanted.set(name, forms.all([form, wanted.get(name) ?? forms.anything]))
  const fresh = others.flatMap(({ name }) => (name === undefined ? [] : [name]))
  const numbered = fresh[0] === undefined ? [] : Array.from({ length: Math.min(low, MEMBERS_MAX) }, (_, n) => `p${n}`)
  for (const name of [...allowed, ...fresh, ...numbered]) {
    if (wanted.size >= low) break
    if (!wanted.has(name)) wanted.set(name, judging(name))
  }
  const object: Record<string, unknown> = {}
  for (const [name, form] of wanted) {
    const found = find(form)
    if (found?.empty !== false) return undefined
    object[name] = found.value
  }
  return accepted(object)
}
