/** Metrics of queues: of the role `queue`, and of the api processes that wait for its answers. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { SECONDS } from './buckets.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface QueueMetrics {
  call(call: string): void
  /** An api process has its answer, or has given up. */
  answered(call: string, result: CallResult, seconds: number): void
  messages(what: string, count: number): void
  /** Read at each scrape. */
  live(read: () => { waiting: number; awake: number; unsettled: number }): void
  /** Likewise: seconds since the oldest message was recorded that could be handed out; 0: there is none. */
  oldest(read: () => number): void
}

/** `refused`: with a code; `unanswered`: in time. */
export type CallResult = 'ok' | 'refused' | 'unanswered'

export function createQueueMetrics(registry: Registry, scraped: ScrapedMetrics): QueueMetrics {
  const registers = [registry]
  const calls = new Counter({
    name: 'clarion_queue_calls_total',
    help: 'Calls of queues that were carried out, by call.',
    labelNames: ['call'],
    registers,
  })
  const messages = new Counter({
    name: 'clarion_queue_messages_total',
    help: 'Messages of queues by what became of them: received, acked, returned, dead.',
    labelNames: ['what'],
    registers,
  })
  const seconds = new Histogram({
    name: 'clarion_queue_call_seconds',
    help: 'Time from a call of a queue until this process had its answer, by call and result: ok, refused, unanswered; receive-waiting: a receive that may wait for messages.',
    labelNames: ['call', 'result'],
    buckets: SECONDS,
    registers,
  })
  return {
    answered: (call, result, took) => seconds.observe({ call, result }, took),
    call: call => calls.inc({ call }),
    messages: (what, count) => {
      if (count > 0) messages.inc({ what }, count)
    },
    live(read) {
      scraped.gauge({
        name: 'clarion_queues_live',
        help: 'In the shards of this process: receives that wait, queues that follow their log, and messages that are not settled.',
        labelNames: ['what'],
        read: () => Object.entries(read()).map(([what, value]) => ({ labels: { what }, value })),
      })
    },
    oldest(read) {
      scraped.gauge({
        name: 'clarion_queue_oldest_seconds',
        help: 'In the shards of this process, of queues that were called in the last ten minutes: age of the oldest event that could be handed out and is not.',
        read: () => [{ value: read() }],
      })
    },
  }
}
