/** Stock, invoices, events, runs and requests of a shop, from every side that can say so. */
import type { Clock } from '../../src/clock.ts'
import { counted, logOf, pages } from '../pages.ts'
import type { Received, Receiver } from '../receiver.ts'
import type { Run, Shop } from './shop.ts'
import type { Supplier } from './supplier.ts'

/** Figures that must be; what is left out is 0. */
export interface Expected {
  /** Orders that were taken, in debug too: each is an invoice and a bolt less. */
  orders: number
  /** `sku_reorder` in the log. */
  reorders?: number
  /** Runs of the route and of all workflows, as `mode status`. */
  routeRuns?: Record<string, number>
  workflowRuns?: Record<string, number>
  /** Steps that asked the supplier. */
  asked?: number
  notifications?: number
}

/** A figure as it must be, and from each side. */
export interface Line {
  name: string
  expected: number
  sides: number[]
  agrees: boolean
}

const SETTLED_WITHIN_MS = 120_000
const POLL_MS = 500
const REORDER = 'platformxe.generic'
const INVOICE = 'invoice.generated'

/** The lines once all sides agree, or after two minutes: then as they are. */
export async function settled(
  { receiver, supplier, clock }: { receiver: Receiver; supplier: Supplier; clock: Clock },
  shop: Shop,
  expected: Expected,
): Promise<Line[]> {
  const deadlineMs = clock.monotonicMs() + SETTLED_WITHIN_MS
  for (;;) {
    const found = linesOf(shop, expected, await read(shop, receiver, supplier))
    if (found.every(({ agrees }) => agrees) || clock.monotonicMs() > deadlineMs) return found
    await clock.sleep(POLL_MS)
  }
}

interface Found {
  stock: number
  invoices: number[]
  log: Record<string, number>
  received: Record<string, number>
  rows: Record<string, number>
  routeRuns: Record<string, number>
  workflowRuns: Record<string, number>
  asked: number
  notifications: number
}

async function read(shop: Shop, receiver: Receiver, supplier: Supplier): Promise<Found> {
  const { calls, webhook } = shop
  const [row] = await calls.ask<Array<{ quantity: number }>>('GET', '/api/v1/tables/stock/rows')
  const invoices = await pages<{ number: number }>(calls, '/api/v1/invoices')
  const workflowRuns: Run[] = []
  for (const id of shop.workflows) workflowRuns.push(...(await shop.runs(id)))
  const rows = await pages<{ eventType: string; status: string }>(calls, `/api/v1/webhooks/${webhook}/deliveries`)
  return {
    stock: row!.quantity,
    invoices: invoices.map(({ number }) => number).sort((a, b) => a - b),
    routeRuns: kinds(await shop.runs(shop.route)),
    workflowRuns: kinds(workflowRuns),
    notifications: (await pages(calls, '/api/v1/notifications')).length,
    log: counted(await logOf(calls)),
    rows: counted(rows.filter(({ status }) => status === 'success').map(({ eventType }) => eventType)),
    // Last: what was delivered has been received.
    received: receivedBy(shop, receiver.requests),
    asked: new Set(supplier.asked.filter(({ token }) => token === shop.token).map(({ key }) => key)).size,
  }
}

const kinds = (runs: readonly Run[]) => counted(runs.map(({ mode, status }) => `${mode} ${status}`))

function receivedBy({ hook }: Shop, requests: readonly Received[]): Record<string, number> {
  const types = new Map<string, string>()
  for (const { path, status, eventId, body } of requests)
    if (path === hook && status < 300) types.set(eventId, (JSON.parse(body.toString()) as { type: string }).type)
  return counted([...types.values()])
}

export function linesOf(shop: { stock: number }, expected: Expected, found: Found): Line[] {
  const { orders, reorders = 0 } = expected
  const areDense = found.invoices.length === orders && found.invoices.every((number, at) => number === at + 1)
  const ofType = (type: string) => [found.log, found.received, found.rows].map(counts => counts[type] ?? 0)
  return [
    line('stock', shop.stock - orders, [found.stock]),
    { ...line('invoices, numbers without a gap', orders, [found.invoices.length]), agrees: areDense },
    line(INVOICE, orders, ofType(INVOICE)),
    line('sku_reorder', reorders, ofType(REORDER)),
    ...runLines('orders', expected.routeRuns, found.routeRuns),
    ...runLines('workflows', expected.workflowRuns, found.workflowRuns),
    line('steps that asked the supplier', expected.asked ?? 0, [found.asked]),
    line('notifications', expected.notifications ?? 0, [found.notifications]),
  ]
}

function runLines(of: string, expected: Record<string, number> = {}, found: Record<string, number>): Line[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort()
  return names.map(name => line(`runs of ${of}: ${name}`, expected[name] ?? 0, [found[name] ?? 0]))
}

export const line = (name: string, expected: number, sides: number[]): Line => ({
  ...{ name, expected, sides },
  agrees: sides.every(side => side === expected),
})
