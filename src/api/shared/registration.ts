/** Registrations as callers see them. */
import { provenanceOf } from '../../control-plane/marketplace/provenance.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Registration } from '../../model/registrations.ts'

export function presentRegistration(
  view: Pick<ControlView, 'organization' | 'marketplace' | 'list'>,
  registration: Registration,
) {
  const { idempotencyKey: _key, ...visible } = registration
  const forkedFrom = provenanceOf(view, registration)
  return {
    ...visible,
    warnings: registration.warnings ?? [],
    ...(forkedFrom === undefined ? {} : { forkedFrom }),
  }
}
