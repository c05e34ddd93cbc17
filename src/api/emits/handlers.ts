/**
 * States of emits and events: from ClickHouse, and before the row is there, from the emit's position in the ingress.
 */
import { emits as emitsTopic } from '../../../topics/emits.ts'
import { platformEmits } from '../../../topics/platform-emits.ts'
import type { Emit, EmitFilter, EmitState } from '../../analytics/read/emit-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import { withWaitingReason } from '../../analytics/read/waiting-reason.ts'
import type { Clock } from '../../clock.ts'
import type { Positions } from '../../ingress/ports.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import { originOf, type ParsedEmitId, parseEmitId, parseEventId } from '../../model/ids.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import { JSON_TYPE } from '../http/envelope.ts'
import { listed } from '../http/listed.ts'
import type { Answer, Call } from '../http/route.ts'
import { withholdBodies } from '../shared/withheld.ts'
import { createEventFederation } from './event-federation.ts'
import { presentEmit, requested, withPayload } from './presenter.ts'

/** The longest delay of a judged emit on its way into ClickHouse; one second is normal. */
const RECORD_TIMEOUT_MS = 3_000
const RECORD_POLL_MS = 100

export function createEmitHandlers(deps: { reads: Reads; positions: Positions; view: ControlView; clock: Clock }) {
  const { reads, positions, view, clock } = deps
  const federationOf = createEventFederation(deps)

  /** Waits for the row of an emit that admission has already judged. */
  async function recorded({ organizationId, environment }: Owner, emitId: string): Promise<Emit> {
    const deadlineMs = clock.monotonicMs() + RECORD_TIMEOUT_MS
    for (;;) {
      const emit = await reads.emitById(organizationId, environment, emitId)
      if (emit !== undefined) return emit
      if (clock.monotonicMs() >= deadlineMs) {
        throw new ClarionError('service_unavailable', 'The emit is judged, but its record cannot be read yet.', {
          retryAfterS: 1,
        })
      }
      await clock.sleep(RECORD_POLL_MS)
    }
  }

  /** REQUESTED until admission has reached the emit's position. */
  function isWaiting(owner: Owner, parsed: ParsedEmitId): boolean {
    const ofPlatform = parsed.origin === originOf('platform', owner.organizationId, owner.environment)
    const topic = ofPlatform ? platformEmits.name : emitsTopic.nameFor(owner.organizationId, owner.environment)
    const position = positions.position(topic, parsed.partition)
    return position === undefined || position <= parsed.offset
  }

  async function withLifecycle({ organizationId, environment }: Owner, emit: Emit) {
    return { ...presentEmit(emit), lifecycle: await reads.lifecycleOfEmit(organizationId, environment, emit.emitId) }
  }

  return {
    async get(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const id = call.params.id!
      const parsed = ownEmitId(owner, parseEmitId(id), 'emit')
      const known = await reads.emitById(owner.organizationId, owner.environment, id)
      if (known !== undefined) return { data: await withLifecycle(owner, known) }
      if (isWaiting(owner, parsed)) return { data: requested(owner, id, parsed) }
      return { data: await withLifecycle(owner, await recorded(owner, id)) }
    },
    async list(call: Call): Promise<Answer> {
      const { status, type, name = type, count: _count, ...filter } = call.query as EmitQuery
      // An emit that is not judged yet has no row to list; only its id finds it.
      const isNone = type !== undefined && type !== name
      return listed(call, clock, {
        read: async paging =>
          isNone || status === 'REQUESTED'
            ? { items: [], nextCursor: null }
            : reads.listEmits({ ...ownerOf(call), ...filter, ...paging, name, status }),
        ...{ present: presentEmit, columns: EMIT_COLUMNS },
      })
    },
    /** The whole history of one event: verdict, payload, deliveries, attempts, and its relays or its origin. */
    async history(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const id = call.params.id!
      ownEmitId(owner, parseEventId(id), 'event')
      const history = await reads.eventHistory(owner.organizationId, owner.environment, id)
      if (history === undefined) throw notFound('event')
      const { payload, emit } = history
      const isWithheld = !seesPayloads(call)
      const attempts = isWithheld ? history.attempts.map(withholdBodies) : history.attempts
      const deliveries = history.deliveries.map(each => withWaitingReason(view, owner.organizationId, each))
      const [federation, withSteps] = await Promise.all([federationOf(emit), withLifecycle(owner, emit)])
      const facts = { id, emit: withSteps, federation, deliveries, attempts }
      if (isWithheld) return { data: { ...facts, withheld: true } }
      return { plain: { contentType: JSON_TYPE, body: withPayload(facts, payload, call.requestId) } }
    },
  }
}

type EmitQuery = Omit<EmitFilter, 'organizationId' | 'environment' | 'status' | 'limit' | 'cursor'> & {
  status?: EmitState | 'REQUESTED'
  type?: string
  count?: boolean
}

const EMIT_COLUMNS = [
  ...[
    'id',
    'eventId',
    'status',
    'verdict',
    'code',
    'message',
    'name',
    'canonicalName',
    'sequence',
    'subject',
    'actorId',
  ],
  ...['channel', 'correlationId', 'idempotencyKey', 'subscriberCount', 'payloadBytes', 'time', 'recordedAt'],
]

/** An id contains its owner: a malformed one, or one of another organization, is not looked up. */
function ownEmitId(
  { organizationId, environment }: Owner,
  parsed: ParsedEmitId | undefined,
  what: string,
): ParsedEmitId {
  const own = (['emits', 'platform'] as const).map(kind => originOf(kind, organizationId, environment))
  if (parsed === undefined || !own.includes(parsed.origin)) throw notFound(what)
  return parsed
}

const notFound = (what: string) => new ClarionError('not_found', `There is no such ${what}.`)
