/** Filters of lists by event type: a selector, in the form that webhooks use, as parameters of a query. */

import { notASelector, parseSelector, type Selector } from '../../events/selector.ts'
import { ClarionError } from '../../model/codes.ts'

/** A null field does not filter. */
export interface TypeFilter {
  /** The type itself. */
  type: string | null
  /** RE2 pattern that the type must match. */
  typePattern: string | null
  /** Suffix that the canonical name must have. */
  canonicalEnd: string | null
}

export const NO_TYPE_FILTER: TypeFilter = { type: null, typePattern: null, canonicalEnd: null }

/**
 * For a list of events. Throws `validation_failed` for a text that is not a selector, or for one with a kind, which
 * deliveries do not record.
 */
export function readTypeFilter(text: string | null): TypeFilter {
  if (text === null) return NO_TYPE_FILTER
  const selector = parseSelector(text)
  if (selector === undefined) throw refused(notASelector(text))
  if (selector.form === 'kind') throw refused('kinds cannot be filtered by here: use platformxe.generic')
  return filterOf(selector)
}

export interface NameFilter {
  /** The name itself, also one that no event has, since refused emits are listed too. */
  name: string | null
  namePattern: string | null
  canonicalEnd: string | null
  /** Kind of the generic event. */
  kind: string | null
}

const ANY_NAME: NameFilter = { name: null, namePattern: null, canonicalEnd: null, kind: null }

/** For a list of emits: a selector, or any other name as it was emitted. */
export function readNameFilter(text: string | null): NameFilter {
  const selector = text === null ? undefined : parseSelector(text)
  if (text === '*' || text === null) return ANY_NAME
  if (selector === undefined) return { ...ANY_NAME, name: text }
  if (selector.form === 'kind') return { ...ANY_NAME, name: text, kind: selector.key }
  const { type, typePattern, canonicalEnd } = filterOf(selector)
  return { name: type ?? text, namePattern: typePattern, canonicalEnd, kind: null }
}

/**
 * `*` and `ns.*` do not select lifecycle events, the only names with a capital. The letters of a namespace need no
 * escape in a pattern.
 */
function filterOf(selector: Exclude<Selector, { form: 'kind' }>): TypeFilter {
  switch (selector.form) {
    case 'all':
      return { ...NO_TYPE_FILTER, typePattern: '^[a-z]' }
    case 'namespace':
      return { ...NO_TYPE_FILTER, typePattern: `^${selector.key}[.]` }
    case 'type':
      return { ...NO_TYPE_FILTER, type: selector.key }
    case 'version':
      return { ...NO_TYPE_FILTER, canonicalEnd: `:${selector.key}` }
    case 'canonical':
      return { ...NO_TYPE_FILTER, canonicalEnd: selector.key }
  }
}

function refused(message: string): ClarionError {
  return new ClarionError('validation_failed', `The filter type is wrong: ${message}.`, {
    details: [{ path: '/type', rule: 'selector', message }],
  })
}
