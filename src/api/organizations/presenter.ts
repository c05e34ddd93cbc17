/** Organizations and keys as callers see them, without hashes and internal fields. */
import type { ApiKey, Organization } from '../../model/records.ts'

export function shownOrganization(organization: Organization) {
  const {
    organizationId: _id,
    partitions: _partitions,
    testEnvironment: _test,
    clearedAt: _cleared,
    ...shown
  } = organization
  return { strictCompatibility: false, ...shown }
}

export function shownKey(key: ApiKey) {
  const { organizationId: _id, hash: _hash, ...shown } = key
  return shown
}
