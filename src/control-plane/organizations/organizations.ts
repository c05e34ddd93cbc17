/** Organizations, created complete: topics, the generic event, and a key with every scope. */
import type { Clock, Random } from '../../clock.ts'
import { generateApiKey, type NewApiKey } from '../../crypto/secret-box.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { isReservedNamespace } from '../../model/names.ts'
import type { Organization } from '../../model/organizations.ts'
import type { Plan } from '../../model/plans.ts'
import { SCOPE_SET, SCOPES } from '../../model/scopes.ts'
import { effectsOnFederation } from '../federation/plan-effects.ts'
import { effectsOnListings } from '../marketplace/plan-effects.ts'
import { genericRegistration } from '../registrations/generic-event.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import { removedAtOnce } from './deletion-grace.ts'
import { announcementsOf, ofOrganization, tenantEmits } from './organization-chain.ts'
import { freeSlug, slugFrom } from './slugs.ts'
import type { TopicDeletion } from './topic-deletion.ts'

/** The topics that an organization needs before its record is written. */
export interface Provisioning extends TopicDeletion {
  /** Creates `emits.<org>` and `events.<org>` of that environment; existing topics stay as they are. */
  createOrganizationTopics(organization: Organization, environment: Environment): Promise<void>
}

export interface NewOrganization {
  name: string
  slug?: string
  plan?: Plan
  ownerEmail?: string | null
}

export type OrganizationPatch = Partial<
  Pick<Organization, 'name' | 'plan' | 'ownerEmail' | 'strictCompatibility' | 'schemaLimits' | 'limits'>
>

export interface Organizations {
  /**
   * The answer is the only one with `apiKey`. Errors: `slug_taken`, `reserved_namespace` for a slug that could not be
   * its first namespace.
   */
  create(caller: Caller, input: NewOrganization): Promise<{ organization: Organization; apiKey: string }>
  patch(caller: Caller, id: string, patch: OrganizationPatch, revision?: number): Promise<Organization>
  suspend(caller: Caller, id: string): Promise<Organization>
  activate(caller: Caller, id: string): Promise<Organization>
  /**
   * Soft: the record stays, with its slug; keys, webhooks and secrets are removed at once, or after the grace period
   * where a webhook selects the deletion.
   */
  delete(caller: Caller, id: string): Promise<Organization>
  /** Errors: `reserved_namespace` for a namespace that nobody may have. */
  grantNamespace(caller: Caller, id: string, namespace: string): Promise<Organization>
  revokeNamespace(caller: Caller, id: string, namespace: string): Promise<Organization>
}

export interface OrganizationsDeps {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  random: Random
  announce: Announce
  provisioning: Provisioning
}

export function createOrganizations(deps: OrganizationsDeps): Organizations {
  const { store, view, ids, clock, announce } = deps

  async function create(caller: Caller, input: NewOrganization) {
    const slug = input.slug ?? slugFrom(input.name)
    if (input.slug !== undefined) refuseReserved(slug, '/slug')
    if (input.slug !== undefined && view.organizationBySlug(slug)) throw slugTaken(slug)
    const organization = newOrganization(ids.next('org'), slug, input, clock.nowMs())
    await deps.provisioning.createOrganizationTopics(organization, 'live')
    const key = generateApiKey('live', deps.random)
    const seeds = { keyId: ids.next('key'), registrationId: ids.next('cer') }
    const making = store.change(ids.next('chg'), current => {
      if (input.slug !== undefined && current.organizationBySlug(slug)) throw slugTaken(slug)
      const free = freeSlug(slug, candidate => current.organizationBySlug(candidate) !== undefined)
      return made(caller, { ...organization, slug: free, namespaceAllowlist: [free] }, key, seeds)
    })
    return making.catch(async error => {
      if (isSlugTaken(error)) await deps.provisioning.deleteOrganizationTopics([organization.id]).catch(() => undefined)
      throw error
    })
  }

  function made(
    caller: Caller,
    organization: Organization,
    key: NewApiKey,
    seeds: { keyId: string; registrationId: string },
  ) {
    const apiKey = firstKey(organization, seeds.keyId, key)
    const generic = genericRegistration(organization, seeds.registrationId)
    const about = { organizationId: organization.id, canonicalName: generic.canonicalName }
    return {
      records: [
        { kind: 'organization', record: organization },
        { kind: 'key', record: apiKey },
        { kind: 'registration', record: generic },
      ] satisfies Change[],
      changes: [
        announce(
          caller,
          ofOrganization(organization, 'ORGANIZATION_CREATED', {
            data: { slug: organization.slug, plan: organization.plan },
          }),
        ),
        announce(caller, {
          organizationId: organization.id,
          type: 'API_KEY_CREATED',
          entityType: 'key',
          entityId: apiKey.id,
        }),
        announce(caller, {
          ...about,
          type: 'CUSTOM_EVENT_GENERIC_SEEDED',
          entityType: 'registration',
          entityId: generic.id,
          status: generic.status,
          data: { registrationId: generic.id },
        }),
      ],
      result: { organization, apiKey: key.key },
    }
  }

  /** Changes one organization's own record; `also` answers the changes that go with it. */
  function change(
    caller: Caller,
    id: string,
    type: string,
    decide: (organization: Organization) => Partial<Organization>,
    also: (current: DecisionView, organizationId: string) => Change[] = () => [],
  ): Promise<Organization> {
    return store.change(ids.next('chg'), (current): Decision<Organization> => {
      const before = getOrganization(current, id)
      const patch = decide(before)
      if (Object.keys(patch).length === 0) return { records: [], changes: [], result: before }
      const after = revised(before, patch, clock.nowMs())
      const federation = effectsOnFederation(announce, caller, current, before, after, clock.nowMs())
      const listings = effectsOnListings(announce, caller, current, after, clock.nowMs())
      const changes = announcementsOf(before, after, type).map(each => announce(caller, each))
      return {
        records: [
          { kind: 'organization', record: after },
          ...also(current, id),
          ...federation.records,
          ...listings.records,
        ],
        changes: [...changes, ...federation.changes, ...listings.changes],
        emits: tenantEmits(before, after, caller),
        result: after,
      }
    })
  }

  const setStatus = (caller: Caller, id: string, status: 'active' | 'suspended', type: string) =>
    change(caller, id, type, before => (before.status === status ? {} : { status }))

  return {
    create,
    patch: (caller, id, patch, revision) =>
      change(caller, id, 'ORGANIZATION_UPDATED', before => {
        checkRevision(before, revision)
        refuseLimits(patch, before)
        return patch
      }),
    suspend: (caller, id) => setStatus(caller, id, 'suspended', 'ORGANIZATION_SUSPENDED'),
    activate: (caller, id) => setStatus(caller, id, 'active', 'ORGANIZATION_ACTIVATED'),
    delete: (caller, id) => change(caller, id, 'ORGANIZATION_DELETED', () => ({ status: 'deleted' }), removedAtOnce),
    async grantNamespace(caller, id, namespace) {
      refuseReserved(namespace, '/namespace')
      return change(caller, id, 'ORGANIZATION_UPDATED', ({ namespaceAllowlist: allowed }) =>
        allowed.includes(namespace) ? {} : { namespaceAllowlist: [...allowed, namespace] },
      )
    },
    revokeNamespace: (caller, id, namespace) =>
      change(caller, id, 'ORGANIZATION_UPDATED', ({ namespaceAllowlist: allowed }) => {
        if (!allowed.includes(namespace))
          throw new ClarionError('not_found', `The organization was not granted '${namespace}'.`)
        return { namespaceAllowlist: allowed.filter(each => each !== namespace) }
      }),
  }
}

/** On other plans the limits would have no effect. */
function refuseLimits({ schemaLimits, plan }: OrganizationPatch, before: Organization): void {
  if (schemaLimits === undefined || (plan ?? before.plan) === 'ENTERPRISE') return
  const message = 'Limits of schemas are raised on the plan ENTERPRISE only.'
  const details = [{ path: '/schemaLimits', rule: 'plan', message: 'needs the plan ENTERPRISE' }]
  throw new ClarionError('validation_failed', message, { details })
}

function newOrganization(id: string, slug: string, input: NewOrganization, nowMs: number): Organization {
  const now = new Date(nowMs).toISOString()
  return {
    id,
    organizationId: id,
    revision: 1,
    createdAt: now,
    updatedAt: now,
    slug,
    name: input.name,
    plan: input.plan ?? 'FREE',
    status: 'active',
    ownerEmail: input.ownerEmail ?? null,
    namespaceAllowlist: [slug],
    partitions: 1,
    testEnvironment: false,
  }
}

/** The key made with the organization holds every scope. */
function firstKey(organization: Organization, id: string, key: NewApiKey): ApiKey {
  const { createdAt, updatedAt } = organization
  const rights = { name: 'first key', environment: 'live' as const, scopes: [...SCOPES], expiresAt: null }
  return {
    id,
    organizationId: organization.id,
    revision: 1,
    createdAt,
    updatedAt,
    ...rights,
    scopeSet: SCOPE_SET,
    hash: key.hash,
    hint: key.hint,
  }
}

function refuseReserved(namespace: string, path: string): void {
  if (!isReservedNamespace(namespace)) return
  const message = `'${namespace}' belongs to the platform and is nobody's namespace.`
  throw new ClarionError('reserved_namespace', message, {
    details: [{ path, rule: 'reserved_namespace', message: 'belongs to the platform' }],
  })
}

const isSlugTaken = (error: unknown): boolean => error instanceof ClarionError && error.code === 'slug_taken'

const slugTaken = (slug: string) =>
  new ClarionError('slug_taken', `The slug '${slug}' belongs to another organization.`)
