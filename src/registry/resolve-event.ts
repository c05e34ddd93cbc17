/** The version that validates an emit. */
import { CODES } from '../model/codes.ts'
import type { RegisteredEvent } from '../model/control-view.ts'
import { misplacedVersion, versionProblem } from '../model/names.ts'
import type { Registration } from '../model/registrations.ts'

export type Resolved = { registration: Registration } | { code: 'event_not_registered' | 'event_not_published' }

/**
 * The pinned version, or the highest published one. Not registered: no version of the name exists, or not the pinned
 * one. Not published: versions exist, but none (or not the pinned one) is published.
 */
export function resolveEvent(event: RegisteredEvent | undefined, version: string | undefined): Resolved {
  if (!event || event.versions.size === 0) return { code: 'event_not_registered' }
  if (version === undefined)
    return event.latestPublished ? { registration: event.latestPublished } : { code: 'event_not_published' }
  const registration = event.versions.get(version)
  if (!registration) return { code: 'event_not_registered' }
  return registration.status === 'published' ? { registration } : { code: 'event_not_published' }
}

/** The reason for the caller. `field`: the request field that cannot be correct as written. */
export function explainUnresolved(
  code: 'event_not_registered' | 'event_not_published',
  fullName: string,
  version: string | undefined,
): { message: string; field?: 'name' | 'version'; problem?: string } {
  const { meaning } = CODES[code]
  const ofName = misplacedVersion(fullName)
  if (ofName !== undefined) return { message: `${meaning} The name ${ofName}.`, field: 'name', problem: ofName }
  const ofVersion = version === undefined ? undefined : versionProblem(version)
  if (ofVersion !== undefined)
    return { message: `${meaning} The version ${ofVersion}.`, field: 'version', problem: ofVersion }
  return { message: meaning }
}
