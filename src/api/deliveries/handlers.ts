/** Deliveries and their attempts: read from ClickHouse, changed by commands to the engine. */
import type { Attempt } from '../../analytics/read/delivery.ts'
import type { Delivery, DeliveryFilter } from '../../analytics/read/delivery-reads.ts'
import type { DeliverySearch } from '../../analytics/read/delivery-search.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { DeadLetterFilter } from '../../analytics/read/redelivery-reads.ts'
import { withWaitingReason } from '../../analytics/read/waiting-reason.ts'
import type { Clock } from '../../clock.ts'
import type { Redrives } from '../../control-plane/replays/redrives.ts'
import { getReceiver } from '../../control-plane/webhooks/webhooks.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { parseEventId } from '../../model/ids.ts'
import { createPreviewRedrive } from '../../replay/preview-redrive.ts'
import type { Redelivery } from '../../replay/redelivery.ts'
import { createRedriveByFilter, type RedriveFilter } from '../../replay/redrive-by-filter.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import { listed } from '../http/listed.ts'
import type { Answer, Call } from '../http/route.ts'
import { refuseEmptyRange } from '../http/validate.ts'
import { presentReplay } from '../shared/present-replay.ts'
import { withholdBodies } from '../shared/withheld.ts'

/**
 * A receiver may look up a delivery at once, before the history has it: the call waits this long for one of the last
 * minute.
 */
const LAG = { recentMs: 60_000, mostMs: 5_000, everyMs: 100 } as const

export function createDeliveryHandlers(deps: {
  reads: Reads
  view: ControlView
  redelivery: Redelivery
  redrives: Redrives
  clock: Clock
}) {
  const { reads, view, redelivery, clock } = deps

  /** `late`: it appeared in the history while the call waited. */
  async function findDelivery(call: Call): Promise<{ delivery: Delivery; late: boolean }> {
    const { organizationId, environment } = ownerOf(call)
    const id = call.params.id!
    const deadlineMs = clock.monotonicMs() + (isRecent(id) ? LAG.mostMs : 0)
    for (let looked = 0; ; looked++) {
      const delivery = await reads.deliveryById(organizationId, environment, id)
      if (delivery !== undefined) return { delivery, late: looked > 0 }
      if (clock.monotonicMs() >= deadlineMs) throw new ClarionError('not_found', 'There is no such delivery.')
      await clock.sleep(LAG.everyMs)
    }
  }

  const getDelivery = async (call: Call) => (await findDelivery(call)).delivery

  /** Ids of deliveries begin with the time of their events. */
  function isRecent(id: string): boolean {
    const madeAtMs = id.startsWith('dlv_') ? parseEventId(`evt_${id.slice('dlv_'.length)}`)?.timestampMs : undefined
    return madeAtMs !== undefined && Math.abs(clock.nowMs() - madeAtMs) < LAG.recentMs
  }

  /** The fields of the current webhook that decide whether it gets an event; null when it has been deleted. */
  function presentTarget(organizationId: string, webhookId: string) {
    const webhook = view.find('webhook', organizationId, webhookId)
    if (!webhook) return null
    const { id, name, url, events, conditions, active, health, ordering } = webhook
    return { id, name, url, events, conditions, active, health, ordering }
  }

  const previewRedrive = createPreviewRedrive(deps)
  const byFilter = createRedriveByFilter(deps)

  const shownIn = (organizationId: string) => ({
    present: (delivery: Delivery) => withWaitingReason(view, organizationId, delivery),
    columns: DELIVERY_COLUMNS,
  })

  return {
    async list(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const webhook = getReceiver(view, owner, call.params.id!)
      const { count: _count, ...filter } = call.query as Listed<DeliveryFilter>
      return listed(call, clock, {
        read: paging => reads.listDeliveries({ ...owner, ...filter, ...paging, webhookId: webhook.id }),
        ...shownIn(owner.organizationId),
      })
    },
    /** Of all webhooks; one of another organization has none. */
    search(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const { count: _count, ...filter } = call.query as Listed<DeliverySearch>
      return listed(call, clock, {
        read: paging => reads.searchDeliveries({ ...owner, ...filter, ...paging }),
        ...shownIn(owner.organizationId),
      })
    },
    /** A delivery with every fact that explains why it was sent, or was not. */
    async get(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const delivery = await getDelivery(call)
      const history = shownTo(call, await reads.listAttempts(organizationId, environment, delivery.id))
      return {
        data: {
          ...withWaitingReason(view, organizationId, delivery),
          history,
          webhook: presentTarget(organizationId, delivery.webhookId),
        },
      }
    },
    async attempts(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const { id } = await getDelivery(call)
      const steps = await reads.listAttempts(organizationId, environment, id)
      const attempts = steps.filter(({ attemptId }) => attemptId !== null)
      return { data: shownTo(call, attempts), nextCursor: null }
    },
    async retry(call: Call): Promise<Answer> {
      const { resume = false } = (call.body ?? {}) as { resume?: boolean }
      const { delivery, late } = await findDelivery(call)
      if (late) throw new ClarionError('delivery_in_progress', 'The delivery had not ended when the call arrived.')
      return { data: await redelivery.retry(call.caller, ownerOf(call), delivery, resume) }
    },
    async cancel(call: Call): Promise<Answer> {
      return { data: await redelivery.cancel(call.caller, ownerOf(call), await getDelivery(call)) }
    },
    deadLetters(call: Call): Promise<Answer> {
      const { count: _count, ...filter } = call.query as Listed<DeadLetterFilter>
      return listed(call, clock, {
        read: paging => reads.listDeadLetters({ ...ownerOf(call), ...filter, ...paging }),
        ...{ present: (delivery: Delivery) => delivery, columns: DELIVERY_COLUMNS },
      })
    },
    async redrive(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const { dryRun = false, ...chosen } = call.body as (RedriveFilter | { deliveryIds: string[] }) & Dry
      if ('deliveryIds' in chosen) {
        refuseRateOfNamed(chosen)
        const { deliveryIds } = chosen
        if (dryRun) return { status: 200, data: await previewRedrive(owner, deliveryIds) }
        return { data: await redelivery.redrive(call.caller, owner, deliveryIds) }
      }
      refuseEmptyRange(chosen)
      if (chosen.webhookId !== undefined) getReceiver(view, owner, chosen.webhookId)
      if (dryRun) return { status: 200, data: await byFilter.preview(owner, chosen) }
      const { replay, count, skipped } = await byFilter.start(call.caller, owner, chosen)
      return { data: { ...presentReplay(replay, new Map()), count, skipped, more: false, rangeIds: [] } }
    },
  }
}

interface Dry {
  dryRun?: boolean
}

type Listed<Filter> = Omit<Filter, 'organizationId' | 'environment' | 'limit' | 'cursor'> & { count?: boolean }

const DELIVERY_COLUMNS = [
  ...['id', 'webhookId', 'eventId', 'eventType', 'sequence', 'status', 'reason', 'attempts', 'responseStatus'],
  ...[
    'responseTimeMs',
    'lastErrorKind',
    'lastError',
    'trigger',
    'replayId',
    'nextAttemptAt',
    'createdAt',
    'completedAt',
  ],
]

const shownTo = (call: Call, attempts: Attempt[]): object[] =>
  seesPayloads(call) ? attempts : attempts.map(withholdBodies)

/** Named deliveries are sent at once, each in its turn at its webhook, so a rate has no effect on them. */
function refuseRateOfNamed(chosen: object): void {
  if (!('ratePerSecond' in chosen)) return
  const details = [{ path: '/ratePerSecond', rule: 'one_choice', message: 'is of a redrive without deliveryIds' }]
  throw new ClarionError('validation_failed', `The request is wrong at '/ratePerSecond': ${details[0]!.message}.`, {
    details,
  })
}
