/** The reasons for keywords about values themselves: types, constants, formats, bounds, and everything else. */
import type { Comparison, Place } from './compare.ts'
import type { Literal } from './literals.ts'
import { type Question, type Refusal, shown } from './report.ts'
import { assertsNothing } from './search.ts'

/** Keywords that are judged together, and the refusals for each. */
interface Family {
  narrowed: Refusal
  widened: Refusal
  changed: Refusal
}

const family = (narrowed: Refusal, widened: Refusal, changed: Refusal): Family => ({ narrowed, widened, changed })
const TYPES = family('type_narrowed', 'type_widened', 'type_changed')
const ENUMS = family('enum_narrowed', 'enum_widened', 'enum_changed')
const CONSTANTS = family('const_narrowed', 'const_widened', 'const_changed')
const FORMATS = family('format_narrowed', 'format_widened', 'format_changed')
const PATTERNS = family('pattern_changed', 'pattern_changed', 'pattern_changed')
const DIVISORS = family('bound_tightened', 'multiple_of_removed', 'multiple_of_changed')
const REQUIRED = family('required_added', 'required_removed', 'keyword_changed')
const UNIQUE = family('unique_items_added', 'keyword_widened', 'keyword_changed')
const BOUNDS = family('bound_tightened', 'keyword_widened', 'keyword_changed')
const OTHERS = family('keyword_narrowed', 'keyword_widened', 'keyword_changed')

interface Group {
  key: string
  family: Family
  /** The keywords of the new schema alone, and of the old one alone. */
  added: Literal[]
  removed: Literal[]
}

/** Literals that both sides have are not in `added` and `removed`. */
export function compareScalars(place: Place, added: Literal[], removed: Literal[], comparison: Comparison): void {
  for (const group of grouped(added, removed)) compareGroup(place, group, comparison)
}

function grouped(added: Literal[], removed: Literal[]): Group[] {
  const groups = new Map<string, Group>()
  const groupOf = (literal: Literal): Group => {
    const key = keyOf(literal)
    const found = groups.get(key) ?? { key, family: familyOf(literal), added: [], removed: [] }
    groups.set(key, found)
    return found
  }
  for (const literal of added) groupOf(literal).added.push(literal)
  for (const literal of removed) groupOf(literal).removed.push(literal)
  return [...groups.values()]
}

function keyOf({ form, keyword }: Literal): string {
  if (form.kind === 'bound') return `${form.of} ${form.side}`
  if (form.kind === 'values' || keyword === 'enum' || keyword === 'const') return 'values'
  return keyword
}

function familyOf({ form, keyword }: Literal): Family {
  if (keyword === 'enum') return ENUMS
  if (keyword === 'const') return CONSTANTS
  if (form.kind === 'bound') return BOUNDS
  if (form.kind === 'unique') return UNIQUE
  if (form.kind === 'multiple') return DIVISORS
  if (form.kind === 'has') return REQUIRED
  if (form.kind === 'pattern') return PATTERNS
  if (form.kind === 'format') return FORMATS
  return keyword === 'type' ? TYPES : OTHERS
}

function compareGroup(place: Place, group: Group, comparison: Comparison): void {
  const { report, provedIn, reading } = comparison
  if (place.asks.includes('consumers') && isNote(group)) {
    const { path } = group.added[0] ?? (group.removed[0] as Literal)
    report.refuse(['consumers'], 'not_provable', path, 'changed, and consumers may rely on it: leave it as it was')
    return
  }
  const narrowing = !place.asks.includes('producers')
    ? []
    : group.added.flatMap(literal => failing(literal, provedIn(place.before, literal.form)))
  const widening = !place.asks.includes('consumers')
    ? []
    : group.removed.flatMap(literal =>
        isLostName(literal, group)
          ? [{ literal, value: undefined, isShown: true }]
          : failing(literal, provedIn(place.after, reading.opened(literal.form))),
      )
  const relaxed = widening.filter(({ literal }) => isRelaxable(literal, group, place, comparison))
  for (const { literal } of narrowing.length > 0 ? [] : relaxed)
    report.warn('bound_relaxed', (group.added[0] ?? literal).path)
  const left = widening.filter(each => !relaxed.includes(each))
  refuse(group, place, narrowing, left, comparison)
}

/** A keyword that validates nothing, and a format that is a name only. */
const isNote = ({ added, removed }: Group): boolean =>
  [...added, ...removed].some(({ form }) => form.kind === 'opaque' && form.guards === 0)
const isLostName = ({ form }: Literal, { added }: Group): boolean =>
  form.kind === 'format' && assertsNothing(form.name) && !added.some(each => each.form === form)

interface Failure {
  literal: Literal
  value: unknown
  /** A value shows it; otherwise nothing is known. */
  isShown: boolean
}

const failing = (literal: Literal, verdict: ReturnType<Comparison['provedIn']>): Failure[] =>
  verdict?.empty ? [] : [{ literal, value: verdict?.value, isShown: verdict !== undefined }]

/** Wider bounds are a minor with a warning; a divisor that is dropped would make integers numbers. */
function isRelaxable({ form, contained }: Literal, { added }: Group, place: Place, comparison: Comparison): boolean {
  if (form.kind === 'bound' || form.kind === 'unique') return true
  if (contained && place.newLiterals.some(each => each.contained === contained)) return true
  if (form.kind === 'multiple')
    return added.length > 0 && added.every(each => comparison.provedIn(place.before, each.form)?.empty === true)
  return comparison.provedIn(place.after, comparison.reading.relaxed(form))?.empty === true
}

function refuse(group: Group, place: Place, narrowing: Failure[], widening: Failure[], { report }: Comparison): void {
  const all = [...narrowing, ...widening]
  if (all.length === 0) return
  const fails: Question[] = []
  if (narrowing.length > 0) fails.push('producers')
  if (widening.length > 0) fails.push('consumers')
  const kinds = familyAt(group, place)
  if (kinds === REQUIRED) refuseRequired(place, narrowing, widening, report)
  else {
    const first = narrowing[0] ?? (widening[0] as Failure)
    const rule = fails.length === 2 ? kinds.changed : narrowing.length > 0 ? kinds.narrowed : kinds.widened
    const isTrue = rule === 'pattern_changed' || all.every(each => each.isShown)
    const why = isTrue && rule.startsWith('keyword_') ? shown(rule, first.value) : undefined
    const { path } = group.added.at(-1) ?? first.literal
    if (isTrue) report.refuse(fails, rule, path, why)
    else report.refuse(fails, 'not_provable', path)
  }
}

function familyAt({ added, family: usual }: Group, { oldLiterals }: Place): Family {
  const last = added.at(-1)
  if (!last) return usual
  if (last.contained && oldLiterals.some(each => each.contained === last.contained)) return BOUNDS
  return familyOf(last)
}

function refuseRequired(
  { isAdded, isShownName }: Place,
  narrowing: Failure[],
  widening: Failure[],
  report: Comparison['report'],
): void {
  for (const { literal, isShown } of narrowing) {
    const name = literal.form.kind === 'has' ? literal.form.name : ''
    if (!isShown) report.refuse(['producers'], 'not_provable', literal.path)
    else if (isAdded(name)) report.refuse(['producers'], 'property_required', isShownName(name))
    else report.refuse(['producers'], 'required_added', literal.path)
  }
  for (const { literal, isShown } of widening)
    report.refuse(['consumers'], isShown ? 'required_removed' : 'not_provable', literal.path)
}
