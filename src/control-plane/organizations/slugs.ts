/**
 * Slugs: short names of organizations. A slug is also the first namespace of its organization, so it has a namespace's
 * form and is not a reserved one.
 */
import { isReservedNamespace } from '../../model/names.ts'

export const SLUG_PATTERN = '^[a-z][a-z0-9_-]{1,30}$'
const SLUG_CHARACTERS_MAX = 31

/** From a name in any script; a name that does not start with a Latin letter gets a prefix. */
export function slugFrom(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '')
  const joined = plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
  const started = /^[a-z]/.test(joined) ? joined : `org-${joined}`
  const cut = started.slice(0, SLUG_CHARACTERS_MAX).replace(/-+$/, '')
  return cut.length > 1 ? cut : `${cut}-org`
}

/** The slug itself, or with the first free number appended; reserved namespaces count as taken. */
export function freeSlug(slug: string, taken: (candidate: string) => boolean): string {
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : `-${number}`
    const candidate = slug.slice(0, SLUG_CHARACTERS_MAX - suffix.length) + suffix
    if (!isReservedNamespace(candidate) && !taken(candidate)) return candidate
  }
}
