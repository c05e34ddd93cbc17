/** The operator's calls about organizations, and an organization's own keys. */

import { checkGrant, type Keys, type NewKey } from '../../control-plane/organizations/keys.ts'
import type {
  NewOrganization,
  OrganizationPatch,
  Organizations,
} from '../../control-plane/organizations/organizations.ts'
import { byCreation } from '../../control-plane/store/view-store.ts'
import type { AwsCredentials } from '../../crypto/aws-credentials.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Organization } from '../../model/organizations.ts'
import { holdsScope } from '../../model/scopes.ts'
import { publicBaseOf } from '../http/call-base.ts'
import { keyOf, organizationOf } from '../http/caller.ts'
import { pageAnswer, pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { isMeant } from '../http/text-search.ts'
import { presentKey, presentOrganization } from './presenter.ts'

/** Dependencies of single calls. */
const OF_QUEUES = ['queues:receive', 'queues:manage', 'events:payload'] as const

export function createOrganizationHandlers({
  organizations,
  keys,
  view,
  awsCredentials,
  publicUrl,
}: {
  organizations: Organizations
  keys: Keys
  view: ControlView
  awsCredentials: AwsCredentials
  /** `PUBLIC_URL` */
  publicUrl: string | undefined
}) {
  const present = async (changing: Promise<Organization>): Promise<Answer> => ({
    data: presentOrganization(await changing),
  })
  const id = (call: Call) => call.params.id!

  async function createKey(call: Call, organizationId: string, maker?: ApiKey): Promise<Answer> {
    const { key, apiKey } = await keys.create(call.caller, organizationId, call.body as NewKey, maker)
    return { data: { key: presentKey(key), apiKey } }
  }

  return {
    async create(call: Call): Promise<Answer> {
      const { organization, apiKey } = await organizations.create(call.caller, call.body as NewOrganization)
      return { data: { organization: presentOrganization(organization), apiKey } }
    },
    list(call: Call): Answer {
      const { q, plan, status } = call.query as { q?: string; plan?: string; status?: string }
      const chosen = [...view.organizations()].filter(
        each =>
          (plan ?? each.plan) === each.plan &&
          (status ?? each.status) === each.status &&
          isMeant(q, each.id, [each.name, each.slug]),
      )
      return pageAnswer('organizations', chosen.sort(byCreation), call.query, presentOrganization)
    },
    get(call: Call): Answer {
      const organization = view.organization(id(call))
      if (organization === undefined) throw new ClarionError('not_found', 'There is no such organization.')
      return { data: presentOrganization(organization) }
    },
    patch: (call: Call) =>
      present(organizations.patch(call.caller, id(call), call.body as OrganizationPatch, call.expectedRevision)),
    delete: (call: Call) => present(organizations.delete(call.caller, id(call))),
    suspend: (call: Call) => present(organizations.suspend(call.caller, id(call))),
    activate: (call: Call) => present(organizations.activate(call.caller, id(call))),
    grantNamespace: (call: Call) => {
      const { namespace } = call.body as { namespace: string }
      return present(organizations.grantNamespace(call.caller, id(call), namespace))
    },
    revokeNamespace: (call: Call) =>
      present(organizations.revokeNamespace(call.caller, id(call), call.params.namespace!)),
    createKeyFor: (call: Call) => createKey(call, id(call)),

    createKey: (call: Call) => createKey(call, organizationOf(call).id, keyOf(call)),
    listKeys(call: Call): Answer {
      const { items, nextCursor } = pageOf('keys', view.list('key', organizationOf(call).id), pagingOf(call.query))
      return { data: items.map(presentKey), nextCursor }
    },
    async deleteKey(call: Call): Promise<Answer> {
      await keys.delete(call.caller, organizationOf(call).id, id(call))
      return { data: { id: id(call), deleted: true } }
    },
    /** They do with queues what the key does: so the caller must hold what the key holds. */
    awsCredentials(call: Call): Answer {
      const key = view.find('key', organizationOf(call).id, id(call))
      if (key === undefined) throw new ClarionError('not_found', 'There is no such key.')
      checkGrant(keyOf(call), {
        environment: key.environment,
        scopes: OF_QUEUES.filter(scope => holdsScope(key, scope)),
      })
      const secretAccessKey = awsCredentials.secretOf(key.id)
      return {
        data: {
          accessKeyId: key.id,
          secretAccessKey,
          region: 'clarion',
          endpoint: `${publicBaseOf(publicUrl, call)}/sqs`,
        },
      }
    },
    endSessions: async (call: Call): Promise<Answer> => ({
      data: presentKey(await keys.endSessions(call.caller, organizationOf(call).id, id(call))),
    }),
    whoami(call: Call): Answer {
      const { principal } = call
      if (principal?.kind !== 'key') return { data: { kind: 'operator', organization: null, key: null } }
      return {
        data: {
          kind: 'key',
          organization: presentOrganization(principal.organization),
          key: presentKey(principal.key),
        },
      }
    },
  }
}
