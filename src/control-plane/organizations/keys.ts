/** API keys of an organization: an environment, scopes, an expiry. Shown once, kept as a hash. */
import type { Clock, Random } from '../../clock.ts'
import { generateApiKey } from '../../crypto/secret-box.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { holdsScope, SCOPE_SET, type Scope } from '../../model/scopes.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import { revised } from '../store/revision.ts'
import type { ControlStore } from '../store/store.ts'
import type { Provisioning } from './organizations.ts'

export interface NewKey {
  name: string
  environment: Environment
  scopes: Scope[]
  /** ISO 8601, in the future. */
  expiresAt?: string | null
}

export interface Keys {
  /**
   * `key` is the stored record, `apiKey` the key itself, in this answer only. `maker`: the calling key, absent for the
   * operator. Errors: `insufficient_scope` for a scope, or the live environment, that the maker does not have itself.
   */
  create(
    caller: Caller,
    organizationId: string,
    input: NewKey,
    maker?: ApiKey,
  ): Promise<{ key: ApiKey; apiKey: string }>
  /** The key is `unauthorized` from then on. Errors: `not_found`. */
  delete(caller: Caller, organizationId: string, id: string): Promise<void>
  /** Sessions that the key has opened until now end with their next call. Errors: `not_found`. */
  endSessions(caller: Caller, organizationId: string, id: string): Promise<ApiKey>
}

export function createKeys(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  random: Random
  announce: Announce
  provisioning: Provisioning
}): Keys {
  const { store, ids, clock, announce } = deps

  async function create(caller: Caller, organizationId: string, input: NewKey, maker?: ApiKey) {
    if (maker !== undefined) checkGrant(maker, input)
    const expiresAt = checkExpiry(input.expiresAt ?? null, clock.nowMs())
    const organization = getOrganization(deps.view, organizationId)
    // The topics of the test environment are created with the first key that can write to them.
    const opensTest = input.environment === 'test' && !organization.testEnvironment
    if (opensTest) await deps.provisioning.createOrganizationTopics(organization, 'test')
    const { key: apiKey, hash, hint } = generateApiKey(input.environment, deps.random)
    const id = ids.next('key')
    const now = new Date(clock.nowMs()).toISOString()
    const rights = { name: input.name, environment: input.environment, scopes: [...new Set(input.scopes)], expiresAt }
    const key: ApiKey = {
      ...{ id, organizationId, revision: 1, createdAt: now, updatedAt: now },
      ...{ ...rights, scopeSet: SCOPE_SET, hash, hint },
    }
    return store.change(ids.next('chg'), current => {
      const owner = getOrganization(current, organizationId)
      const opened =
        opensTest && !owner.testEnvironment ? [revised(owner, { testEnvironment: true }, clock.nowMs())] : []
      return {
        records: [
          ...opened.map(record => ({ kind: 'organization' as const, record })),
          { kind: 'key' as const, record: key },
        ],
        changes: [
          announce(caller, {
            organizationId,
            type: 'API_KEY_CREATED',
            entityType: 'key',
            entityId: id,
            data: { environment: key.environment, scopes: key.scopes, expiresAt },
          }),
        ],
        result: { key, apiKey },
      }
    })
  }

  return {
    create,
    delete: (caller, organizationId, id) =>
      store.change(ids.next('chg'), current => {
        if (current.find('key', organizationId, id) === undefined)
          throw new ClarionError('not_found', 'There is no such key.')
        return {
          records: [{ kind: 'key', remove: { organizationId, id } }],
          changes: [announce(caller, { organizationId, type: 'API_KEY_DELETED', entityType: 'key', entityId: id })],
          result: undefined,
        }
      }),
    endSessions: (caller, organizationId, id) =>
      store.change(ids.next('chg'), current => {
        const before = current.find('key', organizationId, id)
        if (before === undefined) throw new ClarionError('not_found', 'There is no such key.')
        const nowMs = clock.nowMs()
        const key = revised(before, { sessionsAfter: new Date(nowMs).toISOString() }, nowMs)
        const about = { organizationId, entityType: 'key', entityId: id } as const
        return {
          records: [{ kind: 'key', record: key }],
          changes: [announce(caller, { ...about, type: 'API_KEY_SESSIONS_ENDED' })],
          result: key,
        }
      }),
  }
}

/** A key grants no more than it holds: otherwise any key that may make keys could gain every scope and environment. */
export function checkGrant(maker: ApiKey, { scopes, environment }: Pick<NewKey, 'scopes' | 'environment'>): void {
  const missing = scopes.filter(scope => !holdsScope(maker, scope))
  if (missing.length > 0)
    throw new ClarionError(
      'insufficient_scope',
      `The key does not hold ${missing.join(', ')} itself and cannot hand it on.`,
    )
  if (maker.environment === 'test' && environment === 'live')
    throw new ClarionError('insufficient_scope', 'A key of the test environment cannot make a key of the live one.')
}

function checkExpiry(expiresAt: string | null, nowMs: number): string | null {
  if (expiresAt === null) return null
  const ms = Date.parse(expiresAt)
  if (ms > nowMs) return new Date(ms).toISOString()
  const details = [{ path: '/expiresAt', rule: 'future', message: 'must be a time in the future' }]
  throw new ClarionError('validation_failed', 'The key would be expired already.', { details })
}
