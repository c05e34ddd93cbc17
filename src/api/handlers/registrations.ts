/** Custom events: their registrations (C.11.6). */

import { ClarionError } from '../../codes.ts'
import { getOrganization } from '../../control-plane/organizations.ts'
import type { NewRegistration, TemplateChecks } from '../../control-plane/registration-check.ts'
import { getRegistration, type Registrations } from '../../control-plane/registrations.ts'
import type { ControlView } from '../../control-plane/view.ts'
import { isIdempotencyKey } from '../../events/ingress-emit.ts'
import { pageOf, pagingOf } from '../paging.ts'
import type { Answer, Call } from '../route.ts'
import { shownRegistration } from '../shown.ts'
import { organizationOf } from './caller.ts'

interface Filter {
  namespace?: string
  name?: string
  status?: string
}

export function createRegistrationHandlers({
  registrations,
  templates,
  view,
}: {
  registrations: Registrations
  templates: TemplateChecks
  view: ControlView
}) {
  const target = (call: Call) => [call.caller, organizationOf(call).id, call.params.id!] as const

  return {
    async register(call: Call): Promise<Answer> {
      const key = idempotencyKeyOf(call)
      const made = await registrations.register(call.caller, organizationOf(call).id, call.body as NewRegistration, key)
      return { data: shownRegistration(made) }
    },
    /** `includeInbound` adds what peers share; there is nothing of that kind without federation. */
    list(call: Call): Answer {
      const { namespace, name, status } = call.query as Filter
      const wanted = view
        .list('registration', organizationOf(call).id)
        .filter(
          each =>
            (namespace ?? each.namespace) === each.namespace &&
            (name ?? each.name) === each.name &&
            (status ?? each.status) === each.status,
        )
      const { items, nextCursor } = pageOf(wanted, pagingOf(call.query))
      return { data: items.map(shownRegistration), nextCursor }
    },
    get: (call: Call): Answer => ({ data: shownRegistration(getRegistration(view, organizationOf(call).id, call.params.id!)) }),
    async patch(call: Call): Promise<Answer> {
      const { description } = call.body as { description: string | null }
      return { data: shownRegistration(await registrations.describe(...target(call), description, call.expectedRevision)) }
    },
    publish: async (call: Call): Promise<Answer> => ({
      data: shownRegistration(await registrations.publish(...target(call), call.expectedRevision)),
    }),
    archive: async (call: Call): Promise<Answer> => ({
      data: shownRegistration(await registrations.archive(...target(call), call.expectedRevision)),
    }),
    async delete(call: Call): Promise<Answer> {
      const archived = await registrations.delete(...target(call), call.expectedRevision)
      return { data: archived === undefined ? { id: call.params.id, deleted: true } : shownRegistration(archived) }
    },
    /** All findings, and nothing is made (C.11.2). */
    dryRun(call: Call): Answer {
      const organization = getOrganization(view, organizationOf(call).id)
      return { data: templates.dryRun(call.body as NewRegistration, organization, view) }
    },
  }
}

function idempotencyKeyOf(call: Call): string | undefined {
  const header = call.headers['idempotency-key']
  if (header === undefined || (typeof header === 'string' && isIdempotencyKey(header))) return header
  const details = [{ path: '/headers/idempotency-key', rule: 'idempotency_key', message: 'must be 1 to 255 printable characters' }]
  throw new ClarionError('validation_failed', 'The Idempotency-Key header is wrong.', { details })
}
