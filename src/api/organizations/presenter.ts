/** Organizations and keys as callers see them, without hashes and internal fields. */
import type { ApiKey } from '../../model/api-keys.ts'
import type { Organization } from '../../model/organizations.ts'
import { shownScopes } from '../../model/scopes.ts'
import { schemaRulesOf } from '../../registry/check-registration.ts'

export function presentOrganization(organization: Organization) {
  const {
    organizationId: _id,
    partitions: _partitions,
    testEnvironment: _test,
    clearedAt: _cleared,
    lifecycleNames: _names,
    compatibility: _compatibility,
    ...visible
  } = organization
  const limits = organization.limits ?? { emitsPerSecond: null }
  return { strictCompatibility: false, ...visible, limits, schemaLimits: schemaRulesOf(organization).limits }
}

export function presentKey(key: ApiKey) {
  const { organizationId: _id, hash: _hash, isExpiryTold: _told, scopeSet: _set, ...visible } = key
  return { ...visible, lastUsedAt: key.lastUsedAt ?? null, scopes: shownScopes(key) }
}
