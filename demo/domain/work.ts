/** What the demo does, and what it must announce. */
import type { Clock } from '../../src/clock.ts'
import type { Calls } from '../calls.ts'

export const ORDERS = 1_000
export const CLUSTERS = 20
const SCALINGS_EACH = 10
const METRICS_EACH = 25
export const INVOICES = 300
/** Every second invoice is paid; every fifth metric is above the threshold, and all others below. */
const PAID_EVERY = 2
const HIGH_EVERY = 5

/** Events by type, without those that follow from none of the calls. */
export const EXPECTED: Readonly<Record<string, number>> = {
  'order.created': ORDERS,
  'order.provisioned': ORDERS,
  'resource.created': ORDERS + CLUSTERS,
  'resource.status_changed': 2 * CLUSTERS * SCALINGS_EACH,
  'alert.triggered': (CLUSTERS * METRICS_EACH) / HIGH_EVERY,
  'invoice.generated': INVOICES,
  'invoice.paid': INVOICES / PAID_EVERY,
}

export interface Job {
  run(): Promise<void>
}

const BASE = '/api/v1'
const INFRASTRUCTURE = `${BASE}/infrastructure`
const SCALING_PAUSE_MS = 20

/** Jobs that may run side by side; the steps of one come one after the other. */
export function jobsOf(calls: Calls, clock: Clock): Job[] {
  const orders = numbered(ORDERS, n => ({
    async run() {
      const items = [{ sku: `vm-${n % 5}`, quantity: 1 }]
      await calls.ask('POST', `${BASE}/orders`, { customer_id: `c${n % 50}`, items }, `order-${n}`)
    },
  }))
  const invoices = numbered(INVOICES, n => ({
    async run() {
      const lines = [{ sku: 'vm', quantity: 1 + (n % 3), unit_price: '19.99' }]
      const body = { customer_id: `c${n % 50}`, currency: 'EUR', lines }
      const { id } = await calls.ask<{ id: string }>('POST', `${BASE}/invoices`, body, `invoice-${n}`)
      if (n % PAID_EVERY === 0) await calls.ask('POST', `${BASE}/invoices/${id}/pay`, undefined, `pay-${n}`)
    },
  }))
  const clusters = numbered(CLUSTERS, n => ({ run: () => useCluster(calls, clock, n) }))
  return interleaved([clusters, orders, invoices])
}

async function useCluster(calls: Calls, clock: Clock, n: number): Promise<void> {
  const { id } = await calls.ask<{ id: string }>(
    ...(['POST', `${INFRASTRUCTURE}/clusters`, { name: `cluster-${n}`, node_count: 5 }, `cluster-${n}`] as const),
  )
  await calls.ask(...(['POST', `${INFRASTRUCTURE}/alert-rules`, ruleOf(id), `rule-${n}`] as const))
  for (let at = 0; at < METRICS_EACH; at++) {
    const metric = { cluster_id: id, metric: 'cpu', value: at % HIGH_EVERY === HIGH_EVERY - 1 ? 95 : 50 }
    await calls.ask('POST', `${INFRASTRUCTURE}/metrics`, metric, `metric-${n}-${at}`)
  }
  for (let at = 0; at < SCALINGS_EACH; at++) {
    const delta = at % 2 === 0 ? 1 : -1
    for (;;) {
      const path = `${INFRASTRUCTURE}/clusters/${id}/scale`
      const { status, code } = await calls.call('POST', path, { delta }, `scale-${n}-${at}`)
      if (status === 202) break
      if (code !== 'scaling_in_progress') throw new Error(`a scaling was answered ${status} ${code}`)
      await clock.sleep(SCALING_PAUSE_MS)
    }
  }
}

const ruleOf = (cluster_id: string) => ({ metric: 'cpu', cluster_id, operator: 'gt', threshold: 90, clearBelow: 80 })

const numbered = (count: number, jobOf: (n: number) => Job): Job[] => Array.from({ length: count }, (_, n) => jobOf(n))

/** Of each list in proportion, so that all kinds are under way when the platform is struck. */
function interleaved(lists: Job[][]): Job[] {
  const placed = lists.flatMap(list => list.map((job, at) => ({ job, place: at / list.length })))
  return placed.sort((a, b) => a.place - b.place).map(({ job }) => job)
}
