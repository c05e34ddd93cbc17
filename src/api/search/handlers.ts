/** One box for ids and names: what the caller may see, by the beginning of an id, or a part of a name. */
import type { Emit, EmitSummary } from '../../analytics/read/emit-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import { ownWebhooks } from '../../control-plane/webhooks/webhook-plan.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import { originOf, parseEmitId } from '../../model/ids.ts'
import { holdsScope, type Scope } from '../../model/scopes.ts'
import type { Answer, Call } from '../http/route.ts'
import { isMeant } from '../http/text-search.ts'

type Matched = 'id' | 'name' | 'url' | 'subject' | 'correlationId' | 'idempotencyKey'

interface Found {
  kind: 'event_type' | 'webhook' | 'workflow' | 'emit' | 'organization'
  id: string
  label: string
  matched: Matched
}

/** Of an emit, in the order in which an exact value is looked for. */
const EMIT_FIELDS = ['correlationId', 'idempotencyKey', 'subject'] as const
const PER_FIELD_MAX = 5

export function createSearchHandler(deps: { view: ControlView; reads: Pick<Reads, 'emitById' | 'listEmits'> }) {
  const { view, reads } = deps

  function organizations(q: string): Found[] {
    return [...view.organizations()]
      .filter(each => isMeant(q, each.id, [each.name, each.slug]))
      .map(({ id, name }) => ({ kind: 'organization', id, label: name, matched: matchOf(q, id, []) }))
  }

  /** The newest version of each name. */
  function eventTypes({ organizationId }: Owner, q: string): Found[] {
    const byName = new Map<string, Found>()
    for (const { id, namespace, name } of view.list('registration', organizationId)) {
      const label = `${namespace}.${name}`
      if (isMeant(q, id, [label])) byName.set(label, { kind: 'event_type', id, label, matched: matchOf(q, id, []) })
    }
    return [...byName.values()]
  }

  function webhooks({ organizationId, environment }: Owner, q: string): Found[] {
    return ownWebhooks(view.webhooks(organizationId))
      .filter(each => each.environment === environment && isMeant(q, each.id, [each.name, each.url]))
      .map(({ id, name, url }) => ({
        ...{ kind: 'webhook', id, label: name ?? url },
        matched: matchOf(q, id, name?.toLowerCase().includes(q.toLowerCase()) ? [] : ['url']),
      }))
  }

  function workflows({ organizationId, environment }: Owner, q: string): Found[] {
    return view
      .list('workflow', organizationId)
      .filter(each => each.environment === environment && each.deletedAt === null && isMeant(q, each.id, [each.name]))
      .map(({ id, name }) => ({ kind: 'workflow', id, label: name, matched: matchOf(q, id, []) }))
  }

  /** By the whole id of an emit or its event, or a whole value: the history has no index for parts of them. */
  async function emits(owner: Owner, q: string): Promise<Found[]> {
    const emitId = /^(?:cee|evt)_[0-9a-z]{32}$/.test(q) ? `cee_${q.slice('cee_'.length)}` : undefined
    if (emitId !== undefined) return foundById(owner, emitId)
    const lists = await Promise.all(
      EMIT_FIELDS.map(async field => {
        const { items } = await reads.listEmits({ ...owner, [field]: q, limit: PER_FIELD_MAX })
        return items.map(emit => presentEmit(emit, field))
      }),
    )
    const byId = new Map(lists.flat().map(each => [each.id, each]))
    return [...byId.values()]
  }

  async function foundById(owner: Owner, emitId: string): Promise<Found[]> {
    const { organizationId, environment } = owner
    const origin = parseEmitId(emitId)?.origin
    if (!(['emits', 'platform'] as const).some(kind => originOf(kind, organizationId, environment) === origin))
      return []
    const emit = await reads.emitById(organizationId, environment, emitId)
    return emit === undefined ? [] : [presentEmit(emit, 'id')]
  }

  return async (call: Call): Promise<Answer> => {
    const { q, limit = 10 } = call.query as { q: string; limit?: number }
    const { principal } = call
    if (principal?.kind !== 'key') return { data: organizations(q).slice(0, limit) }
    const { key } = principal
    const owner = { organizationId: key.organizationId, environment: key.environment }
    const ifHolds = (scope: Scope, find: () => Found[]): Found[] => (holdsScope(key, scope) ? find() : [])
    const ofControl = [
      ...ifHolds('events:read', () => eventTypes(owner, q)),
      ...ifHolds('webhooks:read', () => webhooks(owner, q)),
      ...ifHolds('workflows:read', () => workflows(owner, q)),
    ]
    // Without the history the call fails: a list that lacks its emits would look complete.
    const ofHistory = holdsScope(key, 'events:read') ? await emits(owner, q) : []
    return { data: [...ofHistory, ...ofControl].slice(0, limit) }
  }
}

const matchOf = (q: string, id: string, otherwise: Matched[]): Matched =>
  id.startsWith(q.toLowerCase()) ? 'id' : (otherwise[0] ?? 'name')

const presentEmit = ({ emitId, canonicalName, name }: Emit | EmitSummary, matched: Matched): Found => ({
  ...{ kind: 'emit', id: emitId, matched },
  label: canonicalName ?? name,
})
