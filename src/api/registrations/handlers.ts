/** Registrations of custom events. */

import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import type { CompatibilityModes, OwnCompatibility } from '../../control-plane/organizations/compatibility-modes.ts'
import { impactOf } from '../../control-plane/registrations/impact.ts'
import { inboundEvents } from '../../control-plane/registrations/inbound-events.ts'
import type { NewRegistration, RegistrationRules } from '../../control-plane/registrations/registration-check.ts'
import { getRegistration, type Registrations } from '../../control-plane/registrations/registrations.ts'
import { getOrganization } from '../../control-plane/store/get-organization.ts'
import { byCreation } from '../../control-plane/store/view-store.ts'
import { isJsonObject } from '../../json/json-pointer.ts'
import type { CompatibilityMode } from '../../model/compatibility.ts'
import type { ControlView } from '../../model/control-view.ts'
import { canonicalName } from '../../model/names.ts'
import { bundleComponents } from '../../registry/components.ts'
import { nestsDeeper, SCHEMA_NESTING_MAX } from '../../registry/schema-limits.ts'
import type { Language } from '../../registry/types/languages.ts'
import { createTypeGenerator } from '../../registry/types/type-generator.ts'
import { organizationOf, ownerOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentRegistration } from './presenter.ts'
import { createSchemaHistory } from './schema-history.ts'

interface Filter {
  namespace?: string
  name?: string
  status?: string
  includeInbound?: boolean
}

export function createRegistrationHandlers({
  registrations,
  registrationRules,
  compatibilityModes,
  view,
  reads,
  clock,
}: {
  registrations: Registrations
  registrationRules: RegistrationRules
  compatibilityModes: CompatibilityModes
  view: ControlView
  reads: Reads
  clock: Clock
}) {
  const types = createTypeGenerator({ clock })
  const tryOnHistory = createSchemaHistory({ reads, clock })
  const target = (call: Call) => [call.caller, organizationOf(call).id, call.params.id!] as const

  return {
    async register(call: Call): Promise<Answer> {
      const made = await registrations.register(
        call.caller,
        organizationOf(call).id,
        bundled(call.body as Sent),
        call.idempotencyKey,
      )
      return { data: presentRegistration(made) }
    },
    /** `includeInbound` adds events that peers share: read-only, status `federated`. */
    list(call: Call): Answer {
      const { namespace, name, status, includeInbound } = call.query as Filter
      const { id } = organizationOf(call)
      const own = view.list('registration', id).map(presentRegistration)
      const all = includeInbound === true ? [...own, ...inboundEvents(view, id)].sort(byCreation) : own
      const matching = all.filter(
        each =>
          (namespace ?? each.namespace) === each.namespace &&
          hasName(each, name) &&
          (status ?? each.status) === each.status,
      )
      const { items, nextCursor } = pageOf('registrations', matching, pagingOf(call.query))
      return { data: items, nextCursor }
    },
    get: (call: Call): Answer => ({
      data: presentRegistration(getRegistration(view, organizationOf(call).id, call.params.id!)),
    }),
    /** With `Accept: text/plain` the answer is the code alone. */
    async types(call: Call): Promise<Answer> {
      const registration = getRegistration(view, organizationOf(call).id, call.params.id!)
      const language = call.query.lang as Language
      const code = await types.generate(registration, language)
      if (call.headers.accept?.startsWith('text/plain'))
        return { plain: { contentType: 'text/plain; charset=utf-8', body: code } }
      return { data: { language, schemaHash: registration.schemaHash, code } }
    },
    /** Of the organization, or of the event in the path. */
    compatibility: (call: Call): Answer => ({
      data: compatibilityModes.of(organizationOf(call).id, call.params.fullName),
    }),
    putCompatibility: async (call: Call): Promise<Answer> => ({
      data: await compatibilityModes.set(call.caller, organizationOf(call).id, call.body as OwnCompatibility),
    }),
    async putCompatibilityOf(call: Call): Promise<Answer> {
      const { mode } = call.body as { mode: CompatibilityMode }
      return {
        data: await compatibilityModes.setFor(call.caller, organizationOf(call).id, call.params.fullName!, mode),
      }
    },
    deleteCompatibility: async (call: Call): Promise<Answer> => ({
      data: await compatibilityModes.setFor(call.caller, organizationOf(call).id, call.params.fullName!, undefined),
    }),
    async patch(call: Call): Promise<Answer> {
      const { description } = call.body as { description: string | null }
      return {
        data: presentRegistration(await registrations.describe(...target(call), description, call.expectedRevision)),
      }
    },
    publish: async (call: Call): Promise<Answer> => ({
      data: presentRegistration(await registrations.publish(...target(call), call.expectedRevision)),
    }),
    archive: async (call: Call): Promise<Answer> => ({
      data: presentRegistration(await registrations.archive(...target(call), call.expectedRevision)),
    }),
    async delete(call: Call): Promise<Answer> {
      const archived = await registrations.delete(...target(call), call.expectedRevision)
      return { data: archived === undefined ? { id: call.params.id, deleted: true } : presentRegistration(archived) }
    },
    /**
     * All findings, the webhooks and peers that would receive it, and on request its findings on the payloads of the
     * last 30 days; nothing is stored. See docs/specification/registry.md#dry-run.
     */
    async dryRun(call: Call): Promise<Answer> {
      const { history, ...body } = call.body as Sent & { history?: boolean }
      const input = bundled(body)
      const owner = ownerOf(call)
      const organization = getOrganization(view, owner.organizationId)
      const { contracts, ...checked } = registrationRules.dryRun(input, organization, view)
      if (!checked.valid)
        await registrations.announceDryRun(call.caller, owner.organizationId, input, { ...checked, contracts })
      const { namespace, name, version } = input
      const fullName = `${namespace}.${name}`
      const event = { namespace, name, version, canonicalName: canonicalName(organization.id, fullName, version) }
      const judge = history === true ? registrationRules.judge(input, { ...checked, contracts }) : undefined
      return {
        data: {
          ...checked,
          impact: { ...impactOf(view, owner, event), contracts },
          ...(history === true
            ? { history: judge === undefined ? null : await tryOnHistory(owner, fullName, judge) }
            : {}),
        },
      }
    },
  }
}

/** `components`: of the OpenAPI document that the schema is from. */
type Sent = NewRegistration & { components?: unknown }

function bundled({ components, ...input }: Sent): NewRegistration {
  const { payloadSchema } = input
  // Beyond this nesting no walk is safe; the schema is refused for it anyway.
  if (components === undefined || !isJsonObject(payloadSchema)) return input
  if (nestsDeeper([payloadSchema, components], SCHEMA_NESTING_MAX + 4)) return input
  return { ...input, payloadSchema: bundleComponents(payloadSchema, components) }
}

/** A filter by name may include the namespace. */
const hasName = (event: { namespace: string; name: string }, name: string | undefined): boolean =>
  name === undefined || name === event.name || name === `${event.namespace}.${event.name}`
