/** Routes of organizations and their keys. */

import type { Route } from '../http/route.ts'
import { counted, deleted, list, route } from '../http/route-table.ts'
import { object } from '../http/schema-parts.ts'
import type { createOrganizationHandlers } from './handlers.ts'
import type { createLoadHandlers } from './load.ts'
import * as organizations from './schemas.ts'

export type LoadHandlers = ReturnType<typeof createLoadHandlers>
export type OrganizationHandlers = ReturnType<typeof createOrganizationHandlers>

// biome-ignore format: a table
export function createOrganizationRoutes(on: OrganizationHandlers, load: LoadHandlers): Route[] {
  const { organization, organizationPatch, key, newKey, madeKey, awsCredentials } = organizations
  return [
    route('GET', '/api/v1/whoami', 'any', 'The calling key.', { answer: organizations.whoami }, on.whoami),

    route('POST', '/api/v1/organizations', 'operator', 'Make an organization; its key is shown once.', { body: organizations.newOrganization, answer: organizations.madeOrganization, status: 201 }, on.create),
    route('GET', '/api/v1/organizations', 'operator', 'List organizations.', counted(organization, organizations.organizationQuery), on.list),
    route('GET', '/api/v1/organizations/usage', 'operator', 'Organizations by what they did, largest first; without a range in the last 15 minutes.', { query: object(organizations.loadQuery), answer: organizations.load }, load.compare),
    route('GET', '/api/v1/organizations/:id/load', 'operator', 'The emits of an organization, by type, key, source or code.', { query: object(organizations.loadGroupQuery), answer: organizations.loadGroups }, load.ofOne),
    route('GET', '/api/v1/organizations/:id', 'operator', 'One organization.', { answer: organization }, on.get),
    route('PATCH', '/api/v1/organizations/:id', 'operator', 'Change name, plan, owner, limits, or whether minor versions need a proof.', { body: organizationPatch, answer: organization }, on.patch),
    route('DELETE', '/api/v1/organizations/:id', 'operator', 'Delete an organization, its keys and its webhooks.', { answer: organization }, on.delete),
    route('POST', '/api/v1/organizations/:id/suspend', 'operator', 'Suspend an organization: it can read, but not emit or register.', { answer: organization }, on.suspend),
    route('POST', '/api/v1/organizations/:id/activate', 'operator', 'End a suspension.', { answer: organization }, on.activate),
    route('POST', '/api/v1/organizations/:id/namespaces', 'operator', 'Grant a namespace.', { body: organizations.namespaceGrant, answer: organization }, on.grantNamespace),
    route('DELETE', '/api/v1/organizations/:id/namespaces/:namespace', 'operator', 'Revoke a namespace.', { answer: organization }, on.revokeNamespace),
    route('POST', '/api/v1/organizations/:id/keys', 'operator', 'Make a key for an organization; it is shown once.', { body: newKey, answer: madeKey, status: 201 }, on.createKeyFor),

    route('GET', '/api/v1/keys', 'keys:manage', 'List keys.', list(key), on.listKeys),
    route('POST', '/api/v1/keys', 'keys:manage', 'Make a key; it is shown once.', { body: newKey, answer: madeKey, status: 201 }, on.createKey),
    route('POST', '/api/v1/keys/:id/end-sessions', 'keys:manage', 'End the sessions of the console that a key has opened.', { answer: key }, on.endSessions),
    route('POST', '/api/v1/keys/:id/aws-credentials', 'keys:manage', 'The credentials by which clients of SQS call queues with a key.', { answer: awsCredentials }, on.awsCredentials),
    route('DELETE', '/api/v1/keys/:id', 'keys:manage', 'Delete a key.', { answer: deleted }, on.deleteKey),
  ]
}
