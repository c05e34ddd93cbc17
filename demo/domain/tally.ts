/** How often each type was announced, from every side that can say so. */
import type { Clock } from '../../src/clock.ts'
import type { Calls } from '../calls.ts'
import { type Counts, counted, logOf, pages } from '../pages.ts'
import type { Received } from '../receiver.ts'
import { EXPECTED, INVOICES } from './work.ts'

export interface Tally {
  log: Counts
  received: Counts
  /** Deliveries that ClickHouse has, by type. */
  rows: Counts
  /** The numbers of all invoices, in order. */
  invoices: number[]
}

export interface Side {
  name: string
  figures: Array<number | undefined>
  agrees: boolean
}

export async function tally(calls: Calls, webhookId: string, requests: readonly Received[]): Promise<Tally> {
  const rows = await pages<{ eventType: string; status: string }>(calls, `/api/v1/webhooks/${webhookId}/deliveries`)
  const invoices = await pages<{ number: number }>(calls, '/api/v1/invoices')
  // Read last: what ClickHouse has as delivered has been received.
  const taken = new Map<string, string>()
  for (const { status, eventId, body } of requests)
    if (status < 300) taken.set(eventId, (JSON.parse(body.toString()) as { type: string }).type)
  return {
    log: counted(await logOf(calls)),
    received: counted([...taken.values()]),
    rows: counted(rows.filter(({ status }) => status === 'success').map(({ eventType }) => eventType)),
    invoices: invoices.map(({ number }) => number).sort((a, b) => a - b),
  }
}

/** The tally once all sides agree, or after this time: then as it is. */
export async function settledTally(
  clock: Clock,
  withinMs: number,
  take: () => Promise<Tally>,
): Promise<{ sides: Side[]; agrees: boolean }> {
  const deadlineMs = clock.monotonicMs() + withinMs
  for (;;) {
    const sides = compared(await take())
    const agrees = sides.every(side => side.agrees)
    if (agrees || clock.monotonicMs() > deadlineMs) return { sides, agrees }
    await clock.sleep(POLL_MS)
  }
}

const POLL_MS = 1_000

export function compared({ log, received, rows, invoices }: Tally): Side[] {
  const types = [...new Set([EXPECTED, log, received, rows].flatMap(counts => Object.keys(counts)))].sort()
  const sides = types.map(name => {
    const figures = [EXPECTED[name] ?? 0, log[name] ?? 0, received[name] ?? 0, rows[name] ?? 0]
    return { name, figures, agrees: figures.every(figure => figure === figures[0]) }
  })
  const areDense = invoices.length === INVOICES && invoices.every((number, at) => number === at + 1)
  return [...sides, { name: 'invoice numbers, the highest', figures: [INVOICES, invoices.at(-1)], agrees: areDense }]
}
