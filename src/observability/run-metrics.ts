/** Metrics of the role `run`. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { SECONDS } from './buckets.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface RunMetrics {
  started(kind: string): void
  ended(status: string): void
  skipped(reason: string): void
  attempt(type: string, code: string, seconds: number): void
  domainEvent(type: string): void
  late(what: 'start' | 'wake' | 'tick', seconds: number): void
  /** Read at each scrape. */
  live(read: () => { active: number; waiting: number }): void
}

export function createRunMetrics(registry: Registry, scraped: ScrapedMetrics): RunMetrics {
  const registers = [registry]
  const started = new Counter({
    name: 'clarion_runs_started_total',
    help: 'Runs of workflows that were started, by what started them.',
    labelNames: ['trigger'],
    registers,
  })
  const ended = new Counter({
    name: 'clarion_runs_ended_total',
    help: 'Runs that have ended, by status.',
    labelNames: ['status'],
    registers,
  })
  const skipped = new Counter({
    name: 'clarion_runs_skipped_total',
    help: 'Starts that became no run, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const attempts = new Histogram({
    name: 'clarion_step_attempt_seconds',
    help: 'Time of one attempt of a step that goes outside, by action and code; the code is empty for a success.',
    labelNames: ['type', 'code'],
    buckets: SECONDS,
    registers,
  })
  const domainEvents = new Counter({
    name: 'clarion_domain_events_total',
    help: 'Events that changes of the reference domain have announced, by type.',
    labelNames: ['type'],
    registers,
  })
  const late = {
    start: new Histogram({
      name: 'clarion_run_start_lag_seconds',
      help: 'Time from the acceptance of an event until its run is started or skipped.',
      buckets: SECONDS,
      registers,
    }),
    wake: new Histogram({
      name: 'clarion_run_wake_late_seconds',
      help: 'How late runs are woken for delays, retries and time limits.',
      buckets: SECONDS,
      registers,
    }),
    tick: new Histogram({
      name: 'clarion_schedule_late_seconds',
      help: 'How late ticks of schedules are taken, behind their place in the first two seconds of the minute.',
      buckets: SECONDS,
      registers,
    }),
  }
  return {
    late: (what, seconds) => late[what].observe(Math.max(0, seconds)),
    started: trigger => started.inc({ trigger }),
    ended: status => ended.inc({ status }),
    skipped: reason => skipped.inc({ reason }),
    attempt: (type, code, seconds) => attempts.observe({ type, code }, seconds),
    domainEvent: type => domainEvents.inc({ type }),
    live(read) {
      scraped.gauge({
        name: 'clarion_runs_live',
        help: 'Runs that have not ended, in the shards of this process: active ones, and those that wait for time, a verdict, another run or a slot.',
        labelNames: ['state'],
        read: () => Object.entries(read()).map(([state, value]) => ({ labels: { state }, value })),
      })
    },
  }
}
