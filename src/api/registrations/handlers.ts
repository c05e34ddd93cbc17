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
import { ClarionError } from '../../model/codes.ts'
import type { CompatibilityMode } from '../../model/compatibility.ts'
import type { ControlView } from '../../model/control-view.ts'
import { canonicalName } from '../../model/names.ts'
import type { Registration } from '../../model/registrations.ts'
import { bundleComponents } from '../../registry/components.ts'
import { nestsDeeper, SCHEMA_NESTING_MAX } from '../../registry/schema-limits.ts'
import type { Language } from '../../registry/types/languages.ts'
import { createTypeGenerator } from '../../registry/types/type-generator.ts'
import { organizationOf, ownerOf } from '../http/caller.ts'
import { pageAnswer } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { isMeant } from '../http/text-search.ts'
import { presentRegistration } from '../shared/registration.ts'
import { createSchemaHistory } from './schema-history.ts'

interface Filter {
  namespace?: string
  name?: string
  status?: string
  includeInbound?: boolean
  q?: string
  latest?: boolean
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
  const present = (registration: Registration) => presentRegistration(view, registration)
  const target = (call: Call) => [call.caller, organizationOf(call).id, call.params.id!] as const

  /** Throws `not_found`. */
  function named(organizationId: string, text: string): Registration {
    if (!text.includes('@')) return getRegistration(view, organizationId, text)
    const at = text.lastIndexOf('@')
    const found = view.event(organizationId, text.slice(0, at))?.versions.get(text.slice(at + 1))
    if (found === undefined) throw new ClarionError('not_found', 'There is no such registration.')
    return found
  }

  return {
    async register(call: Call): Promise<Answer> {
      const made = await registrations.register(
        call.caller,
        organizationOf(call).id,
        bundled(call.body as Sent),
        call.idempotencyKey,
      )
      return { data: present(made) }
    },
    /** `includeInbound` adds events that peers share: read-only, status `federated`. */
    list(call: Call): Answer {
      const { namespace, name, status, includeInbound, q, latest } = call.query as Filter
      const { id } = organizationOf(call)
      const own = view.list('registration', id).map(present)
      const all = includeInbound === true ? [...own, ...inboundEvents(view, id)].sort(byCreation) : own
      const matching = all.filter(
        each =>
          (namespace ?? each.namespace) === each.namespace &&
          hasName(each, name) &&
          (status ?? each.status) === each.status &&
          isMeant(q, each.id, [`${each.namespace}.${each.name}`]),
      )
      return pageAnswer('registrations', latest === true ? newestOf(matching) : matching, call.query, each => each)
    },
    /** Registration ids, or `ns.name@version`. */
    compare(call: Call): Answer {
      const organization = getOrganization(view, organizationOf(call).id)
      const { from, to } = call.query as { from: string; to: string }
      const [before, after] = [named(organization.id, from), named(organization.id, to)]
      if (before.namespace !== after.namespace || before.name !== after.name) {
        const details = [{ path: '/to', rule: 'same_name', message: 'must be a version of the same name as from' }]
        throw new ClarionError('validation_failed', 'Only versions of one name can be compared.', { details })
      }
      const versions = { from: presentVersion(before), to: presentVersion(after) }
      return { data: { ...versions, ...registrationRules.compare(before, after, organization) } }
    },
    get: (call: Call): Answer => ({
      data: present(getRegistration(view, organizationOf(call).id, call.params.id!)),
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
        data: present(await registrations.describe(...target(call), description, call.expectedRevision)),
      }
    },
    publish: async (call: Call): Promise<Answer> => ({
      data: present(await registrations.publish(...target(call), call.expectedRevision)),
    }),
    archive: async (call: Call): Promise<Answer> => ({
      data: present(await registrations.archive(...target(call), call.expectedRevision)),
    }),
    async delete(call: Call): Promise<Answer> {
      const archived = await registrations.delete(...target(call), call.expectedRevision)
      return { data: archived === undefined ? { id: call.params.id, deleted: true } : present(archived) }
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

/** The highest version of each name, in the order of the list. */
function newestOf<T extends { namespace: string; name: string; version: string }>(all: readonly T[]): T[] {
  const newest = new Map<string, T>()
  for (const each of all) {
    const name = `${each.namespace}.${each.name}`
    const before = newest.get(name)
    if (before === undefined || isHigher(each.version, before.version)) newest.set(name, each)
  }
  return all.filter(each => newest.get(`${each.namespace}.${each.name}`) === each)
}

function isHigher(version: string, than: string): boolean {
  const [a, b] = [version, than].map(text => text.split('.').map(Number)) as [number[], number[]]
  const at = a.findIndex((part, index) => part !== b[index])
  return at >= 0 && a[at]! > b[at]!
}

const presentVersion = ({ id, namespace, name, version, status }: Registration) => ({
  ...{ id, name: `${namespace}.${name}`, version, status },
})
