/**
 * Selectors, the events that a webhook subscribes to (docs/specification/events.md#selectors):
 *
 *     *   ns.*   ns.name   ns.name@x.y.z   canonical name   platformxe.generic#kind   built-in.type   UPPER_SNAKE   GoConstant
 *
 * The index holds one exact-key Map per form, so that the cost of matching depends on the webhooks that match, not on
 * all that exist.
 */

import {
  GENERIC_FULL_NAME,
  isLifecycleType,
  LIFECYCLE_PATTERN,
  NAMESPACE_PATTERN,
  parseFullName,
  VERSION_PATTERN,
} from '../model/names.ts'
import { builtInTypeOfAlias } from './built-in-events.ts'

export type Selector =
  | { form: 'all' }
  | { form: 'namespace'; key: string }
  /** `ns.name`, a built-in type or a lifecycle name. */
  | { form: 'type'; key: string }
  /** `ns.name@x.y.z` */
  | { form: 'version'; key: string }
  | { form: 'canonical'; key: string }
  | { form: 'kind'; key: string }

/** The fields of an event that selectors use. */
export interface Selectable {
  type: string
  canonicalName: string
  /** Kind of the generic event, else null. */
  kind: string | null
}

export interface SelectorIndex<T> {
  /** The values of all entries with a matching selector: each once, in the order of the entries. */
  match(event: Selectable): T[]
}

const LIFECYCLE_CHARACTERS_MAX = 100
const KIND_CHARACTERS_MAX = 120
const ORGANIZATION_PATTERN = /^[A-Za-z0-9_-]{1,64}$/
const NUMBER_PATTERN = /^[1-9]\d{0,8}$/

/**
 * Undefined when the text has none of the forms. Names that do not exist are valid: a subscription may precede the
 * first event.
 */
export function parseSelector(text: string): Selector | undefined {
  if (text === '*') return { form: 'all' }
  if (text.startsWith(`${GENERIC_FULL_NAME}#`)) return parseKind(text.slice(GENERIC_FULL_NAME.length + 1))
  if (text.includes(':')) return isCanonicalName(text) ? { form: 'canonical', key: text } : undefined
  if (text.endsWith('.*')) {
    const namespace = text.slice(0, -2)
    return NAMESPACE_PATTERN.test(namespace) ? { form: 'namespace', key: namespace } : undefined
  }
  const builtIn = builtInTypeOfAlias(text)
  if (builtIn !== undefined) return { form: 'type', key: builtIn }
  if (isLifecycleName(text)) return { form: 'type', key: text }
  const at = text.indexOf('@')
  if (at < 0) return parseFullName(text) ? { form: 'type', key: text } : undefined
  return isVersionedName(text) ? { form: 'version', key: text } : undefined
}

const FORMS =
  '*, ns.*, ns.name, ns.name@1.0.0, platformxe.generic#kind, a built-in type, a lifecycle name or a canonical name'

/** The message for a text with none of the forms. */
export const notASelector = (text: string): string => `'${text}' is not an event selector: those are ${FORMS}`

function parseKind(kind: string): Selector | undefined {
  const characters = [...kind.slice(0, 2 * KIND_CHARACTERS_MAX + 1)].length
  return characters >= 1 && characters <= KIND_CHARACTERS_MAX ? { form: 'kind', key: kind } : undefined
}

const isLifecycleName = (text: string): boolean =>
  text.length <= LIFECYCLE_CHARACTERS_MAX && LIFECYCLE_PATTERN.test(text)

function isVersionedName(text: string): boolean {
  const at = text.indexOf('@')
  return at > 0 && parseFullName(text.slice(0, at)) !== undefined && VERSION_PATTERN.test(text.slice(at + 1))
}

function isCanonicalName(text: string): boolean {
  const [origin, organizationId, name, ...rest] = text.split(':')
  if (rest.length > 0 || name === undefined || !ORGANIZATION_PATTERN.test(organizationId ?? '')) return false
  if (origin === 'TENANT_CUSTOM') return isVersionedName(name)
  const [type, version, ...more] = name.split('@')
  if (more.length > 0 || type === undefined || version === undefined) return false
  if (origin === 'PLATFORM') return parseFullName(type) !== undefined && NUMBER_PATTERN.test(version)
  return origin === 'PLATFORM_LIFECYCLE' && isLifecycleName(type) && version === '1'
}

/** @throws when a selector is malformed: selectors are checked when a webhook is written. */
export function createSelectorIndex<T>(
  entries: ReadonlyArray<{ selectors: readonly string[]; value: T }>,
): SelectorIndex<T> {
  const values = entries.map(entry => entry.value)
  const all: number[] = []
  const byForm = { namespace: keyed(), type: keyed(), version: keyed(), canonical: keyed(), kind: keyed() }

  entries.forEach((entry, position) => {
    for (const text of entry.selectors) {
      const selector = parseSelector(text)
      if (!selector) throw new Error(`Not a selector: ${text}`)
      insert(selector.form === 'all' ? all : listAt(byForm[selector.form], selector.key), position)
    }
  })

  /** Ascending lists of entry positions that select the event. */
  function listsFor(event: Selectable): number[][] {
    const found: number[][] = []
    const add = (list: number[] | undefined): void => {
      if (list !== undefined && list.length > 0) found.push(list)
    }
    add(byForm.type.get(event.type))
    add(byForm.canonical.get(event.canonicalName))
    if (isLifecycleType(event.type)) return found
    add(all)
    if (byForm.namespace.size > 0) add(byForm.namespace.get(event.type.slice(0, event.type.indexOf('.'))))
    // Only registered names have an x.y.z version, at the end of the canonical name.
    if (byForm.version.size > 0)
      add(byForm.version.get(event.canonicalName.slice(event.canonicalName.lastIndexOf(':') + 1)))
    if (event.kind !== null && event.type === GENERIC_FULL_NAME) add(byForm.kind.get(event.kind))
    return found
  }

  return {
    match(event) {
      const lists = listsFor(event)
      if (lists.length <= 1) return (lists[0] ?? []).map(position => values[position] as T)
      const positions = new Set(lists.flat())
      return [...positions].sort((a, b) => a - b).map(position => values[position] as T)
    },
  }
}

const keyed = (): Map<string, number[]> => new Map()

function listAt(map: Map<string, number[]>, key: string): number[] {
  const list = map.get(key) ?? []
  map.set(key, list)
  return list
}

/** Entries come in order, so a position that is already in the list is its last. */
function insert(list: number[], position: number): void {
  if (list.at(-1) !== position) list.push(position)
}
