/** Metrics that are read at each scrape instead of being kept; a metric whose reading fails is left out. */
import { Counter, Gauge, type Registry } from 'prom-client'

/** One line of a metric: the values of its labels, and its own value. */
export interface Line {
  labels?: Record<string, string>
  value: number
}

export interface ScrapedMetric {
  name: string
  help: string
  labelNames?: string[]
  read(): Line[] | Promise<Line[]>
}

export interface ScrapedMetrics {
  gauge(metric: ScrapedMetric): void
  /** The value of `read` never decreases. */
  counter(metric: ScrapedMetric): void
}

export function createScrapedMetrics(registry: Registry): ScrapedMetrics {
  const registers = [registry]
  const linesOf = async (read: ScrapedMetric['read']): Promise<Line[]> => {
    try {
      return await read()
    } catch {
      return []
    }
  }
  return {
    gauge({ read, ...named }) {
      new Gauge({
        ...named,
        registers,
        async collect() {
          const lines = await linesOf(read)
          this.reset()
          for (const { labels = {}, value } of lines) this.set(labels, value)
        },
      })
    },
    counter({ read, ...named }) {
      new Counter({
        ...named,
        registers,
        async collect() {
          const lines = await linesOf(read)
          this.reset()
          for (const { labels = {}, value } of lines) this.inc(labels, value)
        },
      })
    },
  }
}
