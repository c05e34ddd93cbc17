/** Routes of registrations. */

import type { Route } from '../http/route.ts'
import { counted, deleted, route } from '../http/route-table.ts'
import { object } from '../http/schema-parts.ts'
import type { createRegistrationHandlers } from './handlers.ts'
import * as registrations from './schemas.ts'

export type RegistrationHandlers = ReturnType<typeof createRegistrationHandlers>

const PATH = '/api/v1/events/custom'

/** `one` has the paths `/custom/:id`, which must follow every literal path below `/custom`. */
// biome-ignore format: a table
export function createRegistrationRoutes(on: RegistrationHandlers): { all: Route[]; compare: Route; dryRun: Route; compatibility: Route[]; one: Route[] } {
  const { registration } = registrations
  const suspendable = { refusedWhenSuspended: true }
  const keyed = { takesIdempotencyKey: true }
  return {
    all: [
      route('POST', PATH, 'events:manage', 'Register a version of an event, as a draft or published.', { ...suspendable, ...keyed, body: registrations.newRegistration, exactMember: 'payloadSchema', answer: registration, status: 201 }, on.register),
      route('GET', PATH, 'events:read', 'List registrations.', counted(registrations.listedRegistration, registrations.registrationQuery), on.list),
    ],
    compare: route('GET', `${PATH}/compare`, 'events:read', 'Two versions of one name: which bump it is, and what the schemas say of it.', { query: registrations.compareQuery, answer: registrations.comparison }, on.compare),
    dryRun: route('POST', `${PATH}/dry-run`, 'events:manage', 'Check a registration without storing it; the answer lists all findings.', { changesNothing: true, body: registrations.newDryRun, exactMember: 'payloadSchema', answer: registrations.dryRun }, on.dryRun),
    compatibility: [
      route('GET', `${PATH}/compatibility`, 'events:read', 'The compatibility mode that minors of the organization hold to.', { answer: registrations.compatibility }, on.compatibility),
      route('PUT', `${PATH}/compatibility`, 'events:manage', 'Set what minors of the organization must hold to; nothing is judged again.', { body: registrations.compatibilityPut, answer: registrations.compatibility }, on.putCompatibility),
      route('GET', `${PATH}/compatibility/:fullName`, 'events:read', 'The compatibility mode that minors of one event hold to.', { answer: registrations.compatibility }, on.compatibility),
      route('PUT', `${PATH}/compatibility/:fullName`, 'events:manage', 'Set what minors of one event must hold to; nothing is judged again.', { body: registrations.compatibilityOfPut, answer: registrations.compatibility }, on.putCompatibilityOf),
      route('DELETE', `${PATH}/compatibility/:fullName`, 'events:manage', 'Let one event follow the organization again.', { answer: registrations.compatibility }, on.deleteCompatibility),
    ],
    one: [
      route('GET', `${PATH}/:id`, 'events:read', 'One registration.', { answer: registration }, on.get),
      route('GET', `${PATH}/:id/types`, 'events:read', 'The payload schema as types; the code alone with `Accept: text/plain`.', { query: object(registrations.typesQuery), answer: registrations.types }, on.types),
      route('PATCH', `${PATH}/:id`, 'events:manage', 'Change the description.', { body: registrations.registrationPatch, answer: registration }, on.patch),
      route('POST', `${PATH}/:id/publish`, 'events:manage', 'Publish a draft.', { ...suspendable, answer: registration }, on.publish),
      route('POST', `${PATH}/:id/archive`, 'events:manage', 'Archive for good.', { answer: registration }, on.archive),
      route('DELETE', `${PATH}/:id`, 'events:manage', 'Archive a published version; remove a draft.', { answer: { anyOf: [registration, deleted] } }, on.delete),
    ],
  }
}
