/**
 * The organization behind a call, for handlers behind a scope: the router lets only keys of organizations reach them.
 */

import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import type { Organization } from '../../model/organizations.ts'
import { holdsScope } from '../../model/scopes.ts'
import type { Call } from './route.ts'

function principalOf(call: Call) {
  if (call.principal?.kind !== 'key')
    throw new ClarionError('insufficient_scope', 'The call needs a key of an organization.')
  return call.principal
}

export const keyOf = (call: Call): ApiKey => principalOf(call).key

/** Otherwise payloads, bodies and the values of headers are withheld from its answers. */
export const seesPayloads = (call: Call): boolean => holdsScope(keyOf(call), 'events:payload')

export const organizationOf = (call: Call): Organization => principalOf(call).organization

/** The organization and the key's environment: events and deliveries of one are invisible in the other. */
export const ownerOf = (call: Call): Owner => ({
  organizationId: organizationOf(call).id,
  environment: keyOf(call).environment,
})
