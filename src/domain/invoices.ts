/** Invoices: generated → paid. Their numbers are dense within an environment of an organization. */
import { ClarionError } from '../model/codes.ts'
import {
  type Change,
  type Command,
  change,
  changed,
  findEntry,
  invalid,
  invalidTransition,
  newEntry,
  type Situation,
} from './change.ts'
import type { Entry, Invoice, InvoiceLine } from './kinds.ts'
import { amountOf, CENTS_MAX, centsOf, parseDecimal } from './money.ts'

const DAY_MS = 86_400_000
const DUE_DAYS = 14

export interface NewInvoice {
  customer_id: string
  currency: string
  due_days?: number
  usage_month?: string
  lines: Array<{ sku?: string; description?: string | null; quantity: number | string; unit_price: number | string }>
}

export const createInvoice: Command = ({ body }, situation): Change => {
  const { customer_id, currency, due_days = DUE_DAYS, usage_month = null, lines: given } = body as NewInvoice
  if (usage_month !== null) refuseSecond(usage_month, customer_id, situation)
  const lines = given.map(lineOf)
  const total_cents = lines.reduce((sum, line) => sum + line.total_cents, 0)
  if (Math.abs(total_cents) > CENTS_MAX) throw invalid('/lines', 'maximum', 'come to more than an invoice may have')
  const entry = newEntry(
    'invoice',
    {
      ...{ number: situation.books.lastInvoice() + 1, customer_id, currency, due_days, lines, total_cents },
      ...{ due_at: situation.nowMs + due_days * DAY_MS, status: 'generated', paid_at: null, usage_month },
    },
    situation,
  )
  return change([entry], [{ type: 'invoice.generated', data: dataOf(entry) }], { status: 201 })
}

/** A line for each meter that has a price. */
export function usageInvoiceOf(
  { month, prices, ...invoice }: Omit<NewInvoice, 'lines'> & { month: string; prices: Record<string, number | string> },
  meters: Readonly<Record<string, number>>,
): NewInvoice {
  const lines = Object.entries(prices).map(([meter, unit_price]) => ({
    ...{ sku: meter, description: `${meter} in ${month}`, quantity: meters[meter] ?? 0, unit_price },
  }))
  return { ...invoice, lines, usage_month: month }
}

function refuseSecond(month: string, customer: string, { books }: Situation): void {
  for (const { id, fields } of books.all('invoice'))
    if (fields.usage_month === month && fields.customer_id === customer)
      throw new ClarionError('conflict', `The usage of ${month} is on the invoice ${id} already.`)
}

export const payInvoice: Command = (given, situation) => {
  const entry = findEntry(situation, 'invoice', given)
  const { status } = entry.fields
  if (status !== 'generated') throw invalidTransition('invoice', status, 'paid', 'It has been paid.')
  const paid = changed(entry, { status: 'paid', paid_at: situation.nowMs }, situation, { hasEnded: true })
  return change([paid], [{ type: 'invoice.paid', data: dataOf(paid) }])
}

function lineOf(
  { sku = '', description = null, quantity, unit_price }: NewInvoice['lines'][number],
  at: number,
): InvoiceLine {
  const [count, price] = [parseDecimal(quantity), parseDecimal(unit_price)]
  if (count === undefined) throw invalid(`/lines/${at}/quantity`, 'decimal', DECIMAL)
  if (price === undefined) throw invalid(`/lines/${at}/unit_price`, 'decimal', DECIMAL)
  const cents = centsOf(count, price)
  if (cents > BigInt(CENTS_MAX) || cents < -BigInt(CENTS_MAX))
    throw invalid(`/lines/${at}`, 'maximum', 'comes to more than an invoice may have')
  return {
    ...{ sku, description, quantity: String(quantity), unit_price: String(unit_price) },
    total_cents: Number(cents),
  }
}

const DECIMAL = 'must be a decimal, with at most 12 digits before the point and 6 behind it'

function dataOf({ id, fields }: Entry<'invoice'>) {
  const { number, customer_id, currency, total_cents, status }: Invoice = fields
  return { invoice_id: id, number, customer_id, total: amountOf(total_cents), total_cents, currency, status }
}
