import { compare } from 'semver'
import type { RegisteredEvent } from '../../model/control-view.ts'
import type { Registration } from '../../model/registrations.ts'

/** All versions of one name, as resolution sees them. */
export function registeredEvent(fullName: string, registrations: Iterable<Registration>): RegisteredEvent {
  const versions = new Map<string, Registration>()
  for (const registration of registrations) versions.set(registration.version, registration)
  return { fullName, versions, latestPublished: highestPublished(versions.values()) }
}

/** "Latest published" is the highest semver among the published versions. */
function highestPublished(registrations: Iterable<Registration>): Registration | undefined {
  let highest: Registration | undefined
  for (const registration of registrations) {
    if (registration.status !== 'published') continue
    if (highest === undefined || compare(registration.version, highest.version) > 0) highest = registration
  }
  return highest
}
