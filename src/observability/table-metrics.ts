/** Metrics of organizations' tables. */
import { Counter, type Registry } from 'prom-client'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface TableMetrics {
  /** A step that changes rows got the answer of an earlier attempt. */
  repeated(): void
  /** Read at each scrape. */
  sessions(read: () => { open: number; waiting: number }): void
}

export function createTableMetrics(registry: Registry, scraped: ScrapedMetrics): TableMetrics {
  const repeated = new Counter({
    name: 'clarion_tables_repeated_total',
    help: 'Steps on tables that were asked for once more and got the answer of their first time.',
    registers: [registry],
  })
  return {
    repeated: () => repeated.inc(),
    sessions(read) {
      scraped.gauge({
        name: 'clarion_tables_sessions',
        help: 'Sessions with the database of the tables: open ones, and calls that wait for one.',
        labelNames: ['state'],
        read: () => Object.entries(read()).map(([state, value]) => ({ labels: { state }, value })),
      })
    },
  }
}
