/** The graph of one event: what caused it, and what followed from it, inside the organization; foreign ends are closed. */
import type { Chain, ChainEvent } from '../../analytics/read/lineage-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { originOf, parseEventId } from '../../model/ids.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'

interface Node {
  id: string
  kind: 'event' | 'run' | 'webhook' | 'peer'
  type: string | null
  depth: number
  status: string | null
  at: string | null
  closed: boolean
}

interface Edge {
  from: string
  to: string
  kind: 'caused' | 'delivered' | 'relayed' | 'ran'
}

interface Folded {
  parent: string
  type: string
  count: number
}

export const NODES_MAX = 500
/** Events of a chain that are read: those beyond are folded. */
const EVENTS_READ_MAX = 2_000

export function createLineageHandler(deps: {
  reads: Pick<Reads, 'emitById' | 'chainOf'>
  view: Pick<ControlView, 'find' | 'federation'>
}) {
  const { reads, view } = deps

  /** Nodes in the order of their depth until there are enough, with what is left of them by parent and type. */
  function graphOf(organizationId: string, chain: Chain) {
    const nodes = new Map<string, Node>()
    const edges: Edge[] = []
    const folded = new Map<string, Folded>()

    function add(node: Node, edge: Edge | undefined): void {
      if (!nodes.has(node.id)) {
        if (nodes.size >= NODES_MAX || (edge !== undefined && !nodes.has(edge.from) && edge.kind !== 'caused')) {
          fold(edge?.from ?? '', node.type ?? node.kind)
          return
        }
        nodes.set(node.id, node)
      }
      if (edge !== undefined && nodes.has(edge.from)) edges.push(edge)
    }

    function fold(parent: string, type: string): void {
      const known = folded.get(`${parent} ${type}`)
      if (known === undefined) folded.set(`${parent} ${type}`, { parent, type, count: 1 })
      else known.count++
    }

    for (const event of chain.events) {
      if (event.federation !== null)
        nodes.set(SOURCE, {
          id: SOURCE,
          kind: 'event',
          type: null,
          depth: event.depth,
          status: null,
          at: null,
          closed: true,
        })
      const from = event.federation !== null ? SOURCE : event.causationId
      const kind = event.federation !== null ? 'relayed' : 'caused'
      add(eventNode(event), from === null ? undefined : { from, to: event.eventId, kind })
    }
    const depthOf = new Map(chain.events.map(({ eventId, depth }) => [eventId, depth]))
    for (const { runId, workflow, event, lastStatus, at } of chain.runs)
      add(
        {
          id: runId,
          kind: 'run',
          type: view.find('workflow', organizationId, workflow)?.name ?? workflow,
          depth: depthOf.get(event) ?? 0,
          status: lastStatus,
          at,
          closed: false,
        },
        { from: event, to: runId, kind: 'ran' },
      )
    for (const { eventId, webhookId, status, at } of chain.deliveries) {
      const webhook = view.find('webhook', organizationId, webhookId)
      // An external peer is shown by its relay.
      if (webhook !== undefined && webhook.peer !== null) continue
      const id = `${webhookId}@${eventId}`
      add(
        {
          id,
          kind: 'webhook',
          type: webhook?.name ?? webhook?.url ?? webhookId,
          depth: depthOf.get(eventId) ?? 0,
          status,
          at,
          closed: false,
        },
        { from: eventId, to: id, kind: 'delivered' },
      )
    }
    for (const { eventId, memberId } of chain.relays)
      add(
        {
          id: `${memberId}@${eventId}`,
          kind: 'peer',
          type: null,
          depth: (depthOf.get(eventId) ?? 0) + 1,
          status: null,
          at: null,
          closed: true,
        },
        { from: eventId, to: `${memberId}@${eventId}`, kind: 'relayed' },
      )
    return { nodes: [...nodes.values()], edges, folded: [...folded.values()] }
  }

  return async (call: Call): Promise<Answer> => {
    const owner = ownerOf(call)
    const { organizationId, environment } = owner
    const parsed = parseEventId(call.params.id!)
    const isOwn = (['emits', 'platform'] as const).some(
      kind => originOf(kind, organizationId, environment) === parsed?.origin,
    )
    const emitId = `cee_${call.params.id!.slice('evt_'.length)}`
    const emit = isOwn ? await reads.emitById(organizationId, environment, emitId) : undefined
    if (emit?.verdict !== 'accepted' || emit.eventId !== call.params.id)
      throw new ClarionError('not_found', 'There is no such event.')
    const rootEventId = emit.rootEventId ?? emit.eventId
    const root = parseEventId(rootEventId)
    // A root of another organization has other ids, and is not older than a month.
    const from = new Date(root?.timestampMs ?? Date.parse(emit.recordedAt) - MONTH_MS).toISOString()
    const first = `cee_${rootEventId.slice('evt_'.length)}`
    const chain = await reads.chainOf({ ...owner, rootEventId, first, from, limit: EVENTS_READ_MAX })
    return { data: graphOf(organizationId, chain) }
  }
}

const MONTH_MS = 30 * 86_400_000
/** Where an event came from, if it was another organization. */
const SOURCE = 'source'

function eventNode({ eventId, name, depth, recordedAt, subscriberCount, finalState }: ChainEvent): Node {
  const status = subscriberCount === 0 ? 'DELIVERED' : (finalState ?? 'RELAYED')
  return { id: eventId, kind: 'event', type: name, depth, status, at: recordedAt, closed: false }
}
