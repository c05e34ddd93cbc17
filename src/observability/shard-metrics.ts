/** Metrics of shards: their transactions, their openings, and the leases of their roles. */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { RoleFigures, ShardMetrics } from '../kafka/runtime/shard-metrics.ts'
import { SECONDS } from './buckets.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export function createShardMetrics(registry: Registry, scraped: ScrapedMetrics): ShardMetrics {
  const registers = [registry]
  const transactions = new Histogram({
    name: 'clarion_transaction_seconds',
    help: 'Time of one Kafka transaction, from seal to commit.',
    labelNames: ['role'],
    buckets: SECONDS,
    registers,
  })
  const records = new Counter({
    name: 'clarion_transaction_records_total',
    help: 'Records written in transactions.',
    labelNames: ['role'],
    registers,
  })
  const reopened = new Counter({
    name: 'clarion_shard_reopened_total',
    help: 'Times a shard was opened again, by why it had stopped: aborted, refused, fenced, unknown, fault; lost: its lease; unopened: it could not be opened.',
    labelNames: ['role', 'reason'],
    registers,
  })
  const opened = new Histogram({
    name: 'clarion_shard_open_seconds',
    help: 'Time to open a shard: fencing its last holder and reading its state. Nothing of the shard goes on meanwhile.',
    labelNames: ['role'],
    buckets: SECONDS,
    registers,
  })
  const rebalances = new Counter({
    name: 'clarion_rebalances_total',
    help: 'Times the group of a role has given this process its shards anew.',
    labelNames: ['role'],
    registers,
  })
  const roles = new Map<string, RoleFigures>()
  addRoleMetrics(scraped, roles)
  return {
    transaction(role, _shard, seconds, count) {
      transactions.observe({ role }, seconds)
      records.inc({ role }, count)
    },
    opened: (role, _shard, seconds) => opened.observe({ role }, seconds),
    reopened: (role, _shard, reason) => reopened.inc({ role, reason }),
    assigned: role => rebalances.inc({ role }),
    watch: (role, figures) => void roles.set(role, figures),
  }
}

/** Read at each scrape, of every role that runs here. */
function addRoleMetrics(scraped: ScrapedMetrics, roles: ReadonlyMap<string, RoleFigures>): void {
  scraped.gauge({
    name: 'clarion_shards',
    help: 'Shards that this process holds: opening, running, draining before they move, suspended because the lease is lost.',
    labelNames: ['role', 'state'],
    read: () =>
      [...roles].flatMap(([role, figures]) =>
        Object.entries(figures.shards()).map(([state, value]) => ({ labels: { role, state }, value })),
      ),
  })
  scraped.gauge({
    name: 'clarion_lease_age_seconds',
    help: 'Time since the group of a role confirmed this process as a member. From 6 s on the lease is lost; no line: it is no member.',
    labelNames: ['role'],
    read: () =>
      [...roles].flatMap(([role, figures]) => {
        const value = figures.leaseAgeSeconds()
        return value === undefined ? [] : [{ labels: { role }, value }]
      }),
  })
  scraped.counter({
    name: 'clarion_lease_lost_total',
    help: 'Times the lease of a role was lost: not confirmed for 6 s, or the group did not know this process any more.',
    labelNames: ['role'],
    read: () => [...roles].map(([role, figures]) => ({ labels: { role }, value: figures.leasesLost() })),
  })
  scraped.gauge({
    name: 'clarion_paused_organizations',
    help: 'Organizations that are paused because their log takes nothing now, by reason: unknown_topic, no_leader, too_few_replicas, unauthorized, unreachable, failing.',
    labelNames: ['role', 'reason'],
    read: () =>
      [...roles].flatMap(([role, figures]) =>
        Object.entries(figures.paused()).map(([reason, value]) => ({ labels: { role, reason }, value })),
      ),
  })
}
