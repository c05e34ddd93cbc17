/** The invoice of a month's usage: a line for each meter that has a price, once a month, however often it is asked for. */
import type { Reads } from '../../analytics/read/reads.ts'
import { METERS } from '../../analytics/read/usage-reads.ts'
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call, Handler } from '../http/route.ts'

interface UsageInvoice {
  month: string
  customer_id: string
  currency: string
  due_days?: number
  /** By meter: of one unit. */
  prices: Record<string, number | string>
}

/** The last rows of a month reach the history within this time. */
const RECORDED_AFTER_MS = 3_600_000

export function createUsageInvoice(deps: {
  reads: Pick<Reads, 'usageSummary'>
  clock: Clock
  /** `invoice.create` with this body and key. */
  create(call: Call, body: object, idempotencyKey: string): Promise<Answer>
}): Handler {
  const { reads, clock, create } = deps
  return async call => {
    const { month, prices, ...invoice } = call.body as UsageInvoice
    const { organizationId, environment } = ownerOf(call)
    if (clock.nowMs() < endOf(month) + RECORDED_AFTER_MS) throw notOver(month)
    const meters: Record<string, number> = await reads.usageSummary(organizationId, environment, month)
    const lines = METERS.filter(meter => Object.hasOwn(prices, meter)).map(meter => ({
      ...{ sku: meter, description: `${meter} in ${month}`, quantity: meters[meter] ?? 0, unit_price: prices[meter] },
    }))
    return create(call, { ...invoice, lines, usage_month: month }, `usage/${month}/${invoice.customer_id}`)
  }
}

function endOf(month: string): number {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return Date.UTC(year, number)
}

function notOver(month: string): ClarionError {
  const message = 'must be over for an hour, so that all of its usage is counted'
  const details = [{ path: '/month', rule: 'over', message }]
  return new ClarionError('validation_failed', `The month ${month} ${message}.`, { details })
}
