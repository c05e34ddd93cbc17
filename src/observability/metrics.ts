/**
 * Every metric, with its help text. Labels are stable codes and roles, and no ids but those of the twenty worst: the
 * number of series must not grow with the organizations.
 */

import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import { WAIT_REASONS } from '../kafka/ports.ts'
import type { ClusterMap } from '../kafka/protocol/cluster.ts'
import type { ConnectionObserver } from '../kafka/protocol/types.ts'
import type { WatchedReaders } from '../kafka/read/reader-watch.ts'
import type { ShardMetrics } from '../kafka/runtime/shard-metrics.ts'
import { SECONDS } from './buckets.ts'
import { createDeliverMetrics, type DeliverMetrics } from './deliver-metrics.ts'
import type { IngressLag } from './ingress-lag.ts'
import { createKafkaMetrics } from './kafka-metrics.ts'
import { createQueueMetrics, type QueueMetrics } from './queue-metrics.ts'
import { createRecordMetrics, type RecordMetrics } from './record-metrics.ts'
import { createRunMetrics, type RunMetrics } from './run-metrics.ts'
import { createSandboxMetrics, type SandboxMetrics } from './sandbox-metrics.ts'
import { createScrapedMetrics, type ScrapedMetrics } from './scraped-metrics.ts'
import { createShardMetrics } from './shard-metrics.ts'
import { createStreamMetrics, type StreamMetrics } from './stream-metrics.ts'
import { createTableMetrics, type TableMetrics } from './table-metrics.ts'

export interface Metrics {
  kafka: ConnectionObserver
  shard: ShardMetrics
  deliver: DeliverMetrics
  record: RecordMetrics
  runs: RunMetrics
  sandboxes: SandboxMetrics
  tables: TableMetrics
  queues: QueueMetrics
  streams: StreamMetrics
  verdictOf(
    verdict: { verdict: string; code?: string },
    emit: { request: { channel: string }; recordedAtMs: number; judgedAtMs: number },
  ): void
  request(route: string, status: number, seconds: number): void
  /** Of a call of an API route. */
  route(status: number, seconds: number): void
  /** An emit was refused because too many wait for their verdict. */
  shed(): void
  /** A page of a log was read for a client. */
  logPage(from: 'cache' | 'shared' | 'kafka'): void
  /** Read at each scrape; left out when reading fails. */
  ingressLag(read: () => Promise<IngressLag[]>): void
  /** Read at each scrape: events that webhooks are owed from logs, by reason. */
  owed(
    read: () => Array<{ reason: string; webhooks: number; events: number; oldestAtMs: number | null }>,
    clock: Pick<Clock, 'nowMs'>,
  ): void
  /** Read at each scrape: unhandled errors, by the work they belong to. */
  unhandled(read: () => Record<'request' | 'shard', number>): void
  /** Read at each scrape: partitions that log readers wait for, and those that they could not read. */
  cluster(cluster: Pick<ClusterMap, 'ailing'>): void
  readers(readers: Pick<WatchedReaders, 'waiting' | 'gaps' | 'timesBehindLeader'>): void
  /** Read at each scrape. */
  gauge(name: string, help: string, read: () => number): void
  /** Read at each scrape; the value of `read` never decreases. */
  counter(name: string, help: string, read: () => number): void
  /** Prometheus text format. */
  text(): Promise<string>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const scraped: ScrapedMetrics = createScrapedMetrics(registry)
  const shard = createShardMetrics(registry, scraped)
  const verdicts = new Counter({
    name: 'clarion_verdicts_total',
    help: 'Emits judged, by verdict, code and the way they came in.',
    labelNames: ['verdict', 'code', 'channel'],
    registers,
  })
  const verdictDelays = new Histogram({
    name: 'clarion_verdict_delay_seconds',
    help: 'Time from the moment an emit came in to its verdict, whichever way it came.',
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
  const routeCalls = new Histogram({
    name: 'clarion_route_seconds',
    help: 'Time of one call of an API route, by status.',
    labelNames: ['status'],
    buckets: SECONDS,
    registers,
  })
  const shed = new Counter({
    name: 'clarion_shed_emits_total',
    help: 'Emits refused with 503 because verdicts are late or too many wait for theirs.',
    registers,
  })
  const logPages = new Counter({
    name: 'clarion_log_pages_total',
    help: 'Pages of logs read for streams and pulls: from Kafka, from the cache, or shared with a reader that fetched the same page.',
    labelNames: ['from'],
    registers,
  })
  return {
    kafka: createKafkaMetrics(registry),
    deliver: createDeliverMetrics(registry, scraped),
    record: createRecordMetrics(registry, scraped),
    runs: createRunMetrics(registry, scraped),
    sandboxes: createSandboxMetrics(registry, scraped),
    tables: createTableMetrics(registry, scraped),
    queues: createQueueMetrics(registry, scraped),
    shard,
    streams: createStreamMetrics(registry, scraped),
    verdictOf({ verdict, code }, { request, recordedAtMs, judgedAtMs }) {
      verdicts.inc({ verdict, code: code ?? '', channel: request.channel })
      // Broker and process have different clocks.
      verdictDelays.observe(Math.max(0, judgedAtMs - recordedAtMs) / 1000)
    },
    request: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
    route: (status, seconds) => routeCalls.observe({ status: String(status) }, seconds),
    shed: () => shed.inc(),
    logPage: from => logPages.inc({ from }),
    ingressLag(read) {
      scraped.gauge({
        name: 'clarion_ingress_lag_records',
        help: 'Records of an ingress that have no verdict yet, for the twenty organizations that are behind most.',
        labelNames: ['organization'],
        read: async () =>
          (await read()).map(({ organizationId, records }) => ({
            labels: { organization: organizationId },
            value: records,
          })),
      })
    },
    owed(read, clock) {
      const lines = (value: (total: ReturnType<typeof read>[number]) => number) =>
        read().map(total => ({ labels: { reason: total.reason }, value: value(total) }))
      scraped.gauge({
        name: 'clarion_webhooks_waiting',
        help: 'Webhooks that are owed events of their log: held, paused, or ordered behind retries.',
        labelNames: ['reason'],
        read: () => lines(({ webhooks }) => webhooks),
      })
      scraped.gauge({
        name: 'clarion_owed_events',
        help: 'Events that webhooks are owed from their logs; retries on their schedule are not among them.',
        labelNames: ['reason'],
        read: () => lines(({ events }) => events),
      })
      scraped.gauge({
        name: 'clarion_owed_oldest_seconds',
        help: 'Age of the oldest event that a webhook is owed.',
        labelNames: ['reason'],
        read: () =>
          lines(({ oldestAtMs }) => (oldestAtMs === null ? 0 : Math.max(0, clock.nowMs() - oldestAtMs) / 1000)),
      })
    },
    unhandled(read) {
      scraped.counter({
        name: 'clarion_unhandled_total',
        help: 'Errors of requests and of shards that nothing handled: each is a fault of the platform, and its log line says where.',
        labelNames: ['where'],
        read: () => Object.entries(read()).map(([where, value]) => ({ labels: { where }, value })),
      })
    },
    cluster(cluster) {
      scraped.gauge({
        name: 'clarion_partitions_below_min_isr',
        help: 'Partitions that have a leader and too few replicas in sync to be written to, of the topics that this process uses.',
        read: () => [{ value: cluster.ailing().filter(({ ailment }) => ailment === 'too_few_replicas').length }],
      })
    },
    readers(readers) {
      scraped.gauge({
        name: 'clarion_partitions_without_leader',
        help: 'Partitions that this process cannot read now and waits for, by reason: no_leader, unknown_topic, unauthorized, unreachable, beyond_end.',
        labelNames: ['reason'],
        read() {
          const waiting = readers.waiting()
          return WAIT_REASONS.map(reason => ({
            labels: { reason },
            value: waiting.filter(each => each.reason === reason).length,
          }))
        },
      })
      scraped.counter({
        name: 'clarion_offset_gaps_total',
        help: 'Times reading went on elsewhere than it had come to, by reason: retention, truncated (the log was cut), replaced (the topic was made anew).',
        labelNames: ['reason'],
        read: () => Object.entries(readers.gaps()).map(([reason, value]) => ({ labels: { reason }, value })),
      })
      scraped.counter({
        name: 'clarion_reader_behind_leader_total',
        help: 'Fetches that went to a broker which does not lead the partition any more; it is followed at once.',
        read: () => [{ value: readers.timesBehindLeader() }],
      })
    },
    gauge: (name, help, read) => scraped.gauge({ name, help, read: () => [{ value: read() }] }),
    counter: (name, help, read) => scraped.counter({ name, help, read: () => [{ value: read() }] }),
    text: () => registry.metrics(),
  }
}
