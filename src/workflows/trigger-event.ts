/** The one event that a workflow listens to, and which of its versions. */
import { parseSelector } from '../events/selector.ts'
import { GENERIC_FULL_NAME, isLifecycleType, VERSION_PATTERN } from '../model/names.ts'

export type TriggerEvent =
  /** `ns.name`, a built-in type or a lifecycle name. */
  | { form: 'type'; key: string }
  | { form: 'canonical'; key: string }
  /** The kind of a generic event. */
  | { form: 'kind'; key: string }

/** A bare identifier names the kind of a generic event. */
const BARE_KIND = /^[A-Za-z_][A-Za-z0-9_-]{0,119}$/
const UNREGISTERED_VERSIONS: ReadonlySet<string> = new Set(['latest', '*'])

/** Undefined when the text names no event, or more than one. */
export function parseTriggerEvent(text: string): TriggerEvent | undefined {
  const selector = parseSelector(text)
  if (selector !== undefined)
    return selector.form === 'type' || selector.form === 'canonical' || selector.form === 'kind' ? selector : undefined
  return BARE_KIND.test(text) ? { form: 'kind', key: text } : undefined
}

/** Why the text names no event; what to write instead. */
export function triggerEventProblem(text: string): string {
  if (text.includes('*')) return 'must name exactly one event: a workflow has no wildcards'
  if (text.includes('@') && !text.includes(':')) return 'must be the name alone: the version goes into trigger.version'
  return 'must be ns.name, a canonical name, a built-in type, a lifecycle name, or the kind of a generic event without a dot'
}

/** The problem of a version selector for this event; undefined when it is good. */
export function versionSelectorProblem(event: TriggerEvent, version: string): string | undefined {
  if (UNREGISTERED_VERSIONS.has(version)) return undefined
  if (event.form === 'canonical') return 'must be left out: a canonical name has its version in it'
  if (event.form === 'kind' || event.key === GENERIC_FULL_NAME || isLifecycleType(event.key))
    return 'must be left out: the event has one version only'
  return VERSION_PATTERN.test(version) ? undefined : 'must be latest, * or MAJOR.MINOR.PATCH'
}
