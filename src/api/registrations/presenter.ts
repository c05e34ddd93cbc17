/** Registrations as callers see them. */
import type { Registration } from '../../model/records.ts'

export function shownRegistration(registration: Registration) {
  const { idempotencyKey: _key, ...shown } = registration
  return { ...shown, warnings: registration.warnings ?? [] }
}
