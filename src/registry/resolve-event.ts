/** Which version an emit is judged by (K-12). */
import type { Registration } from '../control-plane/records.ts'
import type { RegisteredEvent } from '../control-plane/view.ts'

export type Resolved = { registration: Registration } | { code: 'event_not_registered' | 'event_not_published' }

/**
 * The pinned version, or the highest published one. Not registered: no version of the name exists, or not the pinned one. Not published:
 * there are versions, but none (or not the pinned one) is published.
 */
export function resolveEvent(event: RegisteredEvent | undefined, version: string | undefined): Resolved {
  if (!event || event.versions.size === 0) return { code: 'event_not_registered' }
  if (version === undefined) return event.latestPublished ? { registration: event.latestPublished } : { code: 'event_not_published' }
  const registration = event.versions.get(version)
  if (!registration) return { code: 'event_not_registered' }
  return registration.status === 'published' ? { registration } : { code: 'event_not_published' }
}
