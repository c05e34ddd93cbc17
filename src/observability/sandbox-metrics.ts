/** Metrics of the sandboxes that run organizations' code. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { SECONDS } from './buckets.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface SandboxMetrics {
  ended(code: string, seconds: number): void
  waited(seconds: number): void
  killed(reason: string): void
  /** Read at each scrape. */
  running(read: () => number): void
}

export function createSandboxMetrics(registry: Registry, scraped: ScrapedMetrics): SandboxMetrics {
  const registers = [registry]
  const jobs = new Histogram({
    name: 'clarion_sandbox_job_seconds',
    help: 'Time of a job of custom_code in a sandbox, by code; the code is empty for a success.',
    labelNames: ['code'],
    buckets: SECONDS,
    registers,
  })
  const waits = new Histogram({
    name: 'clarion_sandbox_wait_seconds',
    help: 'How long a job waited for a sandbox.',
    buckets: SECONDS,
    registers,
  })
  const kills = new Counter({
    name: 'clarion_sandbox_ends_total',
    help: 'Sandbox processes that ended, by reason: died in a job, stuck in one, worn out, idle.',
    labelNames: ['reason'],
    registers,
  })
  return {
    ended: (code, seconds) => jobs.observe({ code }, seconds),
    waited: seconds => waits.observe(seconds),
    killed: reason => kills.inc({ reason }),
    running(read) {
      scraped.gauge({
        name: 'clarion_sandboxes',
        help: 'Sandbox processes that run.',
        read: () => [{ labels: {}, value: read() }],
      })
    },
  }
}
