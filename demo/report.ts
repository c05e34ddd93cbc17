/** The table at the end. */
import { type Line, SOURCES } from './counts.ts'
import type { Judged } from './emit.ts'
import type { Received } from './receiver.ts'

const HEADINGS = { expected: 'expected', seen: 'seen', rows: 'ClickHouse', meters: 'meters' } as const
const PERCENTILES = [50, 95, 99] as const
const NAME_WIDTH = 36
const WIDTH = 12

export function countsTable(lines: readonly Line[]): string {
  const heading = SOURCES.map(source => HEADINGS[source])
  const rows = lines.map(({ name, figures, agrees }) => {
    const cells = SOURCES.map(source => (figures[source] === undefined ? '' : String(figures[source])))
    return row(name, cells) + (agrees ? '' : '   <- differ')
  })
  return [row('', heading), ...rows].join('\n')
}

/** Milliseconds from the emit's request to its verdict, and to the first attempt's arrival at the receiver. */
export function latencyTable(judged: readonly Judged[], requests: readonly Received[]): string {
  const sentAtMs = new Map(
    judged.filter(each => each.verdict === 'accepted').map(each => [each.eventId, each.sentAtMs]),
  )
  const arrivals = requests.filter(each => each.attempt === 1 && sentAtMs.has(each.eventId))
  const heading = PERCENTILES.map(each => `p${each}`)
  const figures = (samplesMs: number[]) => PERCENTILES.map(each => percentile(samplesMs, each)?.toFixed(1) ?? '')
  const toVerdict = figures(judged.map(each => each.judgedAtMs - each.sentAtMs))
  const toReceiver = figures(arrivals.map(each => each.atMs - sentAtMs.get(each.eventId)!))
  return [row('latency, ms', heading), row('emit to verdict', toVerdict), row('emit to receiver', toReceiver)].join(
    '\n',
  )
}

/** The smallest sample that `percent` of all are not above; undefined without samples. */
export function percentile(samples: readonly number[], percent: number): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
}

const row = (name: string, cells: string[]) =>
  `  ${name.padEnd(NAME_WIDTH)}${cells.map(cell => cell.padStart(WIDTH)).join('')}`
