/** Metrics of the role `record`: lag of the history, and inserts into ClickHouse. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { SECONDS } from './buckets.ts'
import type { ScrapedMetrics } from './scraped-metrics.ts'

export interface RecordMetrics {
  /** A block was inserted, however often it was sent. */
  inserted(table: string, rows: number, seconds: number): void
  /** Read at each scrape: the age of the oldest record that is not in ClickHouse, by topic; seconds. */
  behind(read: () => Array<{ topic: string; seconds: number }>): void
}

export function createRecordMetrics(registry: Registry, scraped: ScrapedMetrics): RecordMetrics {
  const registers = [registry]
  const inserts = new Histogram({
    name: 'clarion_insert_seconds',
    help: 'Time until one block of rows was in ClickHouse, repetitions included.',
    labelNames: ['table'],
    buckets: SECONDS,
    registers,
  })
  const inserted = new Counter({
    name: 'clarion_insert_rows_total',
    help: 'Rows that went into ClickHouse.',
    labelNames: ['table'],
    registers,
  })
  return {
    inserted(table, rows, seconds) {
      inserts.observe({ table }, seconds)
      inserted.inc({ table }, rows)
    },
    behind(read) {
      scraped.gauge({
        name: 'clarion_history_behind_seconds',
        help: 'Age of the oldest record that was read and is not in ClickHouse yet, by topic, in the shards of this process.',
        labelNames: ['topic'],
        read: () => read().map(({ topic, seconds }) => ({ labels: { topic }, value: seconds })),
      })
    },
  }
}
