/** Metrics of the role `deliver`: deliveries in memory, backlog of the retry topics, results of attempts. */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import { SECONDS } from './buckets.ts'
import type { RetryDepth } from './retry-depth.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface DeliverMetrics {
  /** `isFed`: the delivery was owed as a range, and has waited by design. */
  attempt(row: AttemptOutcome, isFed?: boolean): void
  /** A webhook changes between live, waiting (held, paused, busy, ordered) and catching up. */
  waitTransition(from: string, to: string): void
  /** This many deliveries ended without an attempt. */
  endedInBulk(reason: string, count: number): void
  /** An attempt of an owed delivery has ended. */
  fed(outcome: string, isProbe: boolean): void
  /** A notification has ended. */
  notification(type: string, status: string): void
  /** An event of a replay is dealt with, without a delivery; deliveries are counted by their attempts. */
  replayItem(target: string, outcome: string): void
  /** A delivery was sent to a candidate besides, or left out. */
  shadow(answer: string): void
  /** A record for a sink was written, or why it was not. */
  sinkRecord(result: string): void
  /** Read at each scrape. */
  sinkProducers(read: () => number): void
  /** Read at each scrape: the state of the log readers. */
  logs(watch: WatchedLogs): void
  /** Read at each scrape: deliveries in memory, by stage, and the bytes of their payloads. */
  inHand(read: () => InHand): void
  /** Read at each scrape. */
  depth(read: () => Promise<RetryDepth[]>): void
}

export type AttemptOutcome = Pick<
  AttemptRow,
  'state' | 'errorKind' | 'durationMs' | 'number' | 'trigger' | 'replayId' | 'startedAtMs' | 'createdAtMs'
>

export interface WatchedLogs {
  missingSeconds(): number
  pagesBytes(): number
  holesSoFar(): number
}

export interface InHand {
  stages: Record<string, number>
  payloadBytes: number
}

export function createDeliverMetrics(registry: Registry, scraped: ScrapedMetrics): DeliverMetrics {
  const registers = [registry]
  const attempts = new Histogram({
    name: 'clarion_attempt_seconds',
    help: 'Time of one webhook attempt, by what the delivery was after it and the kind of error.',
    labelNames: ['state', 'error_kind'],
    buckets: SECONDS,
    registers,
  })
  const firstAttempts = new Histogram({
    name: 'clarion_first_attempt_delay_seconds',
    help: 'Time from the moment an event came in to the start of the first attempt to deliver it; replays and catching up apart.',
    buckets: SECONDS,
    registers,
  })
  const transitions = new Counter({
    name: 'clarion_hold_transitions_total',
    help: 'Webhooks that began to wait (held, paused, busy, ordered), to catch up, or went on live.',
    labelNames: ['from', 'to'],
    registers,
  })
  const bulk = new Counter({
    name: 'clarion_bulk_ended_total',
    help: 'Deliveries that ended without an attempt, many at once, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const notified = new Counter({
    name: 'clarion_notifications_total',
    help: 'Notifications that have ended, by the type of their channel and how.',
    labelNames: ['type', 'status'],
    registers,
  })
  const fed = new Counter({
    name: 'clarion_fed_total',
    help: 'Attempts of events that webhooks were owed from their logs, probes included, by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const probes = new Counter({
    name: 'clarion_probes_total',
    help: 'Probes of held webhooks, by outcome: a success begins the catch-up.',
    labelNames: ['outcome'],
    registers,
  })
  const shadows = new Counter({
    name: 'clarion_shadow_deliveries_total',
    help: 'Deliveries that candidates were to get besides: by whether the body of the answer was the same, or left out.',
    labelNames: ['answer'],
    registers,
  })
  const sinkRecords = new Counter({
    name: 'clarion_sink_records_total',
    help: 'Records for sinks, by result: written, or the kind of error.',
    labelNames: ['result'],
    registers,
  })
  const replayItems = new Counter({
    name: 'clarion_replay_items_total',
    help: 'Events of replays that were dealt with, by kind of target and outcome; would_deliver: shown by a dry run.',
    labelNames: ['target', 'outcome'],
    registers,
  })
  return {
    sinkRecord: result => sinkRecords.inc({ result }),
    sinkProducers(read) {
      scraped.gauge({
        name: 'clarion_sink_producers',
        help: 'Producers of sinks that this process has for clusters outside.',
        read: () => [{ value: read() }],
      })
    },
    shadow: answer => shadows.inc({ answer }),
    replayItem: (target, outcome) => replayItems.inc({ target, outcome }),
    fed(outcome, isProbe) {
      fed.inc({ outcome })
      if (isProbe) probes.inc({ outcome })
    },
    logs(watch) {
      scraped.gauge({
        name: 'clarion_log_pages_bytes',
        help: 'Bytes of payloads in the pages of logs that this process has in memory to catch webhooks up.',
        read: () => [{ value: watch.pagesBytes() }],
      })
      scraped.gauge({
        name: 'clarion_log_number_missing_seconds',
        help: 'For how long a log has been waited for, at most, to show its next number: late markers are there after a fraction of a second.',
        read: () => [{ value: watch.missingSeconds() }],
      })
      scraped.counter({
        name: 'clarion_log_holes_total',
        help: 'Sequence numbers that were owed and have no event, in the log or in the history. Each is a finding: compare with the ledger.',
        read: () => [{ value: watch.holesSoFar() }],
      })
    },
    waitTransition: (from, to) => transitions.inc({ from: from.replace(' ', '_'), to: to.replace(' ', '_') }),
    endedInBulk: (reason, count) => bulk.inc({ reason }, count),
    notification: (type, status) => notified.inc({ type, status }),
    attempt({ state, errorKind, durationMs, number, trigger, replayId, startedAtMs, createdAtMs }, isFed = false) {
      attempts.observe({ state, error_kind: errorKind ?? '' }, durationMs / 1000)
      // Broker and process have different clocks.
      if (number === 1 && trigger === 'live' && replayId === null && !isFed)
        firstAttempts.observe(Math.max(0, startedAtMs - createdAtMs) / 1000)
      if (trigger === 'replay' && state !== 'retrying')
        replayItems.inc({ target: 'webhook', outcome: state === 'success' ? 'delivered' : state })
    },
    inHand(read) {
      scraped.gauge({
        name: 'clarion_deliveries',
        help: 'Deliveries that this process has in memory: held until they are due, queued behind others of their subject, waiting for a slot, or in flight.',
        labelNames: ['stage'],
        read: () => Object.entries(read().stages).map(([stage, value]) => ({ labels: { stage }, value })),
      })
      scraped.gauge({
        name: 'clarion_deliveries_payload_bytes',
        help: 'Bytes of the payloads of deliveries that this process has in memory. At 64 MB it stops reading.',
        read: () => [{ value: read().payloadBytes }],
      })
    },
    depth(read) {
      scraped.gauge({
        name: 'clarion_retry_waiting_deliveries',
        help: 'Deliveries that wait for their next attempt, by retry topic, in the shards of this process; fresh: not tried yet. At most: what has not been read is counted in offsets.',
        labelNames: ['tier'],
        read: async () => (await read()).map(({ tier, records }) => ({ labels: { tier }, value: records })),
      })
      scraped.gauge({
        name: 'clarion_retry_oldest_seconds',
        help: 'How long the oldest delivery has waited in a retry topic. More than the delay of the topic: there is no room to load it.',
        labelNames: ['tier'],
        read: async () =>
          (await read())
            .filter(({ tier }) => tier !== 'fresh')
            .map(({ tier, oldestSeconds }) => ({ labels: { tier }, value: oldestSeconds })),
      })
    },
  }
}
