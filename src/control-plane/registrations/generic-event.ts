/**
 * The catch-all event that every organization is created with. See docs/specification/registry.md#the-generic-event.
 */

import { schemaHash } from '../../json/canonical-json.ts'
import { canonicalName, GENERIC, GENERIC_FULL_NAME } from '../../model/names.ts'
import type { Organization } from '../../model/organizations.ts'
import type { Registration } from '../../model/registrations.ts'

export function genericRegistration({ id: organizationId, createdAt }: Organization, id: string): Registration {
  const { namespace, name, version, schema } = GENERIC
  return {
    ...{ id, organizationId, revision: 1, createdAt, updatedAt: createdAt, namespace, name, version },
    canonicalName: canonicalName(organizationId, GENERIC_FULL_NAME, version),
    status: 'published',
    description: 'The catch-all: kind says what it is.',
    payloadSchema: schema,
    payloadExample: null,
    schemaHash: schemaHash(schema),
    schemaFlavour: 'json-schema-2020-12',
    semverBump: 'initial',
    registeredBy: 'system',
    publishedAt: createdAt,
    archivedAt: null,
  }
}
