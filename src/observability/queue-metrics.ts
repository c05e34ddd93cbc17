/** Metrics of the role `queue`. */
import { Counter, type Registry } from 'prom-client'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface QueueMetrics {
  call(call: string): void
  messages(what: string, count: number): void
  /** Read at each scrape. */
  live(read: () => { waiting: number; awake: number; unsettled: number }): void
}

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
  return {
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
  }
}
