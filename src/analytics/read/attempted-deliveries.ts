/**
 * Deliveries with at least one step, in the state of their newest step: of one webhook or all, of one state or any,
 * newest first.
 */
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import type { Step } from './delivery.ts'
import { fillFromWindows } from './pages.ts'
import type { Range } from './ranges.ts'
import { NO_TYPE_FILTER, type TypeFilter } from './type-filter.ts'

/** The newest step that a delivery must have; null: any. */
export interface StepFilter {
  state: string | null
  errorKind: string | null
  responseStatus: number | null
  trigger: string | null
  replayId: string | null
}

const ANY_STEP: StepFilter = { state: null, errorKind: null, responseStatus: null, trigger: null, replayId: null }

export interface AttemptedFilter extends Partial<TypeFilter>, Partial<StepFilter>, Range {
  organizationId: string
  environment: Environment
  webhookId: string | null
  eventId?: string | null
  withTests: boolean
}

/** Creation time of a delivery, its event and its id. */
export type DeliveryPlace = [createdAt: string, eventId: string, deliveryId: string]

/** Steps scanned by one query. */
const SCANS = [500, 5_000, 50_000]

/** The parameters of the fragment `ofDeliveries`. */
export function parametersOf(filter: AttemptedFilter, before: DeliveryPlace | undefined) {
  const [beforeTime, beforeEvent, beforeDelivery] = before ?? [null, null, null]
  const step = { ...ANY_STEP, ...filter }
  const isFiltered = (Object.keys(ANY_STEP) as Array<keyof StepFilter>).some(name => step[name] !== null)
  return { ...NO_TYPE_FILTER, eventId: null, ...step, isFiltered, beforeTime, beforeEvent, beforeDelivery }
}

/** At least the first `limit` after a position, if there are as many. */
export function createAttemptedDeliveries(client: AnalyticsClient) {
  const page = readQuery('deliveries-attempted')
  const window = readQuery('deliveries-attempted-window')
  return (filter: AttemptedFilter, first: DeliveryPlace | undefined, limit: number): Promise<Step[]> =>
    fillFromWindows<Step, DeliveryPlace>(limit, SCANS, {
      async reach(scan, before) {
        const parameters = { ...parametersOf(filter, before ?? first), scan }
        const [found] = await client.query<{ scanned: number | string; reached: string }>(window, parameters)
        // All deliveries of that time are in the window.
        return found === undefined || Number(found.scanned) < scan ? undefined : [found.reached, '', '']
      },
      items: (most, before, reached) =>
        client.query<Step>(page, {
          ...parametersOf(filter, before ?? first),
          reached: reached?.[0] ?? null,
          limit: most,
        }),
    })
}
