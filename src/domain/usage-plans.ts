/**
 * Usage plans: prices of meters for a customer, by which the usage of each month becomes an invoice by itself when the
 * month has been over for an hour. The month and its invoice are one change, so each month is billed once.
 */
import { ClarionError } from '../model/codes.ts'
import { type Change, type Command, change, changed, findEntry, newEntry, type Situation } from './change.ts'
import { createInvoice, type NewInvoice, usageInvoiceOf } from './invoices.ts'
import type { Entry } from './kinds.ts'

/** The last rows of a month reach the history within this time. */
export const RECORDED_AFTER_MS = 3_600_000

interface NewPlan {
  customer_id: string
  currency: string
  due_days?: number
  /** By meter: of one unit. */
  prices: Record<string, number | string>
}

/** The first month is the one that it is made in. */
export const createUsagePlan: Command = ({ body }, situation) => {
  const { customer_id, currency, due_days = null, prices } = body as NewPlan
  for (const { id, fields } of situation.books.all('usage_plan'))
    if (fields.customer_id === customer_id)
      throw new ClarionError('conflict', `The customer has the usage plan ${id}: delete it first.`)
  const next_month = monthOf(situation.nowMs)
  const fields = { customer_id, currency, due_days, prices, next_month }
  return change([newEntry('usage_plan', fields, situation, { dueAtMs: dueOf(next_month) })], [], { status: 201 })
}

export const deleteUsagePlan: Command = (given, situation) => {
  const entry = findEntry(situation, 'usage_plan', given)
  return change([], [], { removed: [entry], answer: { id: entry.id, deleted: true } })
}

/** The invoice of the month that is due, whose usage this is. Throws what making an invoice throws. */
export function billMonth(plan: Entry<'usage_plan'>, meters: Record<string, number>, situation: Situation): Change {
  const { next_month: month, customer_id, currency, due_days, prices } = plan.fields
  const next_month = monthAfter(month)
  const next = changed(plan, { next_month }, situation, { dueAtMs: dueOf(next_month) })
  if (isBilled(month, customer_id, situation)) return change([next], [])
  const invoice = { customer_id, currency, ...(due_days === null ? {} : { due_days }) }
  const body: NewInvoice = usageInvoiceOf({ ...invoice, month, prices }, meters)
  const made = createInvoice({ id: '', part: '', body, expectedRevision: undefined }, situation)
  return { ...made, put: [...made.put, next] }
}

/** By a call, for instance. */
function isBilled(month: string, customer: string, { books }: Situation): boolean {
  for (const { fields } of books.all('invoice'))
    if (fields.usage_month === month && fields.customer_id === customer) return true
  return false
}

const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7)
const partsOf = (month: string) => month.split('-').map(Number) as [number, number]

/** When the usage of the month is complete. */
export function dueOf(month: string): number {
  const [year, number] = partsOf(month)
  return Date.UTC(year, number) + RECORDED_AFTER_MS
}

function monthAfter(month: string): string {
  const [year, number] = partsOf(month)
  return monthOf(Date.UTC(year, number))
}
