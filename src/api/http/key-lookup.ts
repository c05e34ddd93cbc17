/** To whom a key belongs: the one place that compares keys. */
import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { hashApiKey } from '../../crypto/secret-box.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Organization } from '../../model/organizations.ts'

export interface KeyHolder {
  key: ApiKey
  organization: Organization
}

export interface KeyLookup {
  /** The holder of an organization's key; the reason where it is known and not valid; undefined: unknown. */
  byHash(hash: string): KeyHolder | 'expired' | 'deleted' | undefined
  /** The same for a key by its id. */
  byId(organizationId: string, id: string): KeyHolder | 'expired' | 'deleted'
  /** Takes the same time whatever the key is. */
  isOperators(hash: string): boolean
  /** Changes with the operator's key, and reveals nothing about it. */
  operatorMark: string
}

export function createKeyLookup(deps: {
  view: Pick<ControlView, 'keyByHash' | 'organization' | 'find'>
  clock: Clock
  adminKey: string
}): KeyLookup {
  const { view } = deps
  const adminHash = hashApiKey(deps.adminKey)

  function holderOf(key: ApiKey | undefined): KeyHolder | 'expired' | 'deleted' {
    if (key === undefined) return 'deleted'
    if (key.expiresAt !== null && Date.parse(key.expiresAt) <= deps.clock.nowMs()) return 'expired'
    const organization = view.organization(key.organizationId)
    if (organization === undefined || organization.status === 'deleted') return 'deleted'
    return { key, organization }
  }

  return {
    byHash(hash) {
      const key = view.keyByHash(hash)
      return key && holderOf(key)
    },
    byId: (organizationId, id) => holderOf(view.find('key', organizationId, id)),
    isOperators: hash => timingSafeEqual(Buffer.from(hash), Buffer.from(adminHash)),
    operatorMark: hashApiKey(`mark of ${adminHash}`).slice(0, 16),
  }
}
