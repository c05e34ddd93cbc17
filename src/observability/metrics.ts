/** Every metric, with a sentence. Labels carry stable codes and roles, no ids but those of the twenty worst: series must not grow with the organizations. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { ShardMetrics } from '../kafka/shard.ts'
import type { IngressLag } from './ingress-lag.ts'

export interface Metrics {
  shard: ShardMetrics
  verdictOf(verdict: { verdict: string; code?: string }, emit: { request: { channel: string } }): void
  attemptRow(row: Pick<AttemptRow, 'state' | 'errorKind' | 'durationMs'>): void
  request(route: string, status: number, seconds: number): void
  /** Asked for at each scrape; what cannot be answered is left out. */
  ingressLag(read: () => Promise<IngressLag[]>): void
  /** Asked for at each scrape. */
  gauge(name: string, help: string, read: () => number): void
  /** Prometheus text format. */
  text(): Promise<string>
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
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
    help: 'Times a shard was opened again, by why it had stopped: aborted, refused, fenced, unknown, fault.',
    labelNames: ['role', 'reason'],
    registers,
  })
  const rebalances = new Counter({
    name: 'clarion_rebalances_total',
    help: 'Times the group of a role has given this process its shards anew.',
    labelNames: ['role'],
    registers,
  })
  const held = new Gauge({
    name: 'clarion_shards',
    help: 'Shards that this process holds.',
    labelNames: ['role'],
    registers,
  })
  const verdicts = new Counter({
    name: 'clarion_verdicts_total',
    help: 'Emits judged, by verdict, code and the way they came in.',
    labelNames: ['verdict', 'code', 'channel'],
    registers,
  })
  const attempts = new Histogram({
    name: 'clarion_attempt_seconds',
    help: 'Time of one webhook attempt, by what the delivery was after it and the kind of error.',
    labelNames: ['state', 'error_kind'],
    buckets: SECONDS,
    registers,
  })
  const requests = new Histogram({
    name: 'clarion_http_request_seconds',
    help: 'Time of one API request, by route and status.',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers,
  })
  return {
    shard: {
      transaction(role, _shard, seconds, count) {
        transactions.observe({ role }, seconds)
        records.inc({ role }, count)
      },
      reopened: (role, _shard, reason) => reopened.inc({ role, reason }),
      assigned(role, shards) {
        rebalances.inc({ role })
        held.set({ role }, shards)
      },
    },
    verdictOf: ({ verdict, code }, { request }) => verdicts.inc({ verdict, code: code ?? '', channel: request.channel }),
    attemptRow: ({ state, errorKind, durationMs }) => attempts.observe({ state, error_kind: errorKind ?? '' }, durationMs / 1000),
    request: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
    ingressLag(read) {
      new Gauge({
        name: 'clarion_ingress_lag_records',
        help: 'Records of an ingress that have no verdict yet, for the twenty organizations that are behind most.',
        labelNames: ['organization'],
        registers,
        async collect() {
          this.reset()
          for (const { organizationId, records } of await read().catch(() => [])) this.set({ organization: organizationId }, records)
        },
      })
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    },
    text: () => registry.metrics(),
  }
}
