/** The invoice of a month's usage: a line for each meter that has a price, once a month, however often it is asked for. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { usageInvoiceOf } from '../../domain/invoices.ts'
import { dueOf } from '../../domain/usage-plans.ts'
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

export function createUsageInvoice(deps: {
  reads: Pick<Reads, 'usageSummary'>
  clock: Clock
  /** `invoice.create` with this body and key. */
  create(call: Call, body: object, idempotencyKey: string): Promise<Answer>
}): Handler {
  const { reads, clock, create } = deps
  return async call => {
    const given = call.body as UsageInvoice
    const { month, customer_id } = given
    const { organizationId, environment } = ownerOf(call)
    if (clock.nowMs() < dueOf(month)) throw notOver(month)
    const meters: Record<string, number> = await reads.usageSummary(organizationId, environment, month)
    return create(call, usageInvoiceOf(given, meters), `usage/${month}/${customer_id}`)
  }
}

function notOver(month: string): ClarionError {
  const message = 'must be over for an hour, so that all of its usage is counted'
  const details = [{ path: '/month', rule: 'over', message }]
  return new ClarionError('validation_failed', `The month ${month} ${message}.`, { details })
}
