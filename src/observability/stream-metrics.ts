/** Metrics of streams: what is open, what is written, and why streams end. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { SECONDS } from './buckets.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface StreamMetrics {
  /** Read at each scrape. */
  watch(read: () => StreamFigures): void
  /** Events were written to a socket. */
  written(events: number): void
  ended(reason: string): void
  /** An event was handed out, this long after it was written to the log. */
  delayed(seconds: number): void
}

interface StreamFigures {
  open: Record<string, number>
  behind: number
  unsentBytes: number
}

export function createStreamMetrics(registry: Registry, scraped: ScrapedMetrics): StreamMetrics {
  const registers = [registry]
  const frames = new Counter({
    name: 'clarion_stream_frames_total',
    help: 'Events written to the sockets of streams.',
    registers,
  })
  const ends = new Counter({
    name: 'clarion_stream_ends_total',
    help: 'Streams that ended, by reason: that of their last frame; closed: by the client; fault: an error of the platform.',
    labelNames: ['reason'],
    registers,
  })
  const delays = new Histogram({
    name: 'clarion_stream_delay_seconds',
    help: 'Time from the write of an event to the log until live streams got it.',
    buckets: SECONDS,
    registers,
  })
  return {
    watch(read) {
      scraped.gauge({
        name: 'clarion_streams',
        help: 'Open streams of this process, by transport: sse, ndjson, websocket.',
        labelNames: ['transport'],
        read: () => Object.entries(read().open).map(([transport, value]) => ({ labels: { transport }, value })),
      })
      scraped.gauge({
        name: 'clarion_stream_behind',
        help: 'Open streams that read the log from an older place: their client is slow, over its rate, or catches up.',
        read: () => [{ value: read().behind }],
      })
      scraped.gauge({
        name: 'clarion_stream_unsent_bytes',
        help: 'Bytes written to the sockets of streams that their clients have not taken; the limit is 128 MB.',
        read: () => [{ value: read().unsentBytes }],
      })
    },
    written: events => frames.inc(events),
    ended: reason => ends.inc({ reason }),
    delayed: seconds => delays.observe(Math.max(0, seconds)),
  }
}
