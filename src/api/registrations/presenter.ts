/** Registrations as callers see them. */
import type { Registration } from '../../model/registrations.ts'

export function presentRegistration(registration: Registration) {
  const { idempotencyKey: _key, ...visible } = registration
  return { ...visible, warnings: registration.warnings ?? [] }
}
