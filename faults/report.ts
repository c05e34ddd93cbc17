/** The result of one or more seeds as Markdown, for a page that keeps the last one. */
import { held, type RunResult } from './run.ts'

export interface SeedResult {
  seed: number
  /** Undefined: the run did not come to its proof. */
  result: RunResult | undefined
  /** Why it did not. */
  failure?: string | undefined
  /** Where the data of a seed that failed are. */
  keptIn?: string
}

export const SEEDS_HEADING = ['seed', 'faults', 'calls', 'into Kafka', 'received', 'again', 'quiet after', 'held']

export function rowOf({ seed, result, failure }: SeedResult): string[] {
  if (result === undefined) return [String(seed), '', '', '', '', '', '', `**no: ${failure}**`]
  const { struck, load, requests, repeatedRequests, quietS, findings, unexpected } = result
  const wrong = findings.filter(each => each.wrong > 0).length + (unexpected.length > 0 ? 1 : 0)
  const numbers = [seed, struck.length, load.calls, load.records, requests, repeatedRequests].map(String)
  return [...numbers, `${quietS.toFixed(0)} s`, held(result) ? 'all' : `**no: ${wrong} statements**`]
}

export function markdown(seeds: SeedResult[]): string {
  const results = seeds.map(({ result }) => result).filter(result => result !== undefined)
  const good = seeds.filter(({ result }) => result !== undefined && held(result)).length
  const [first] = results
  const about =
    first === undefined ? '' : `, ${first.minutes} min of load and faults each, ${first.rate} calls/s over HTTP`
  const leftOut = first?.leftOut === undefined ? [] : [`\`disk-full\` was left out: ${first.leftOut}.`, '']
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}: ${good} of ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'} held${about}.`,
    '',
    ...leftOut,
    ...table(SEEDS_HEADING, seeds.map(rowOf)),
    '',
    ...table(['what was broken', 'times', 'of them together with another fault'], struckRows(results)),
    '',
    ...table(['what was asked, told or counted', 'times'], countRows(results)),
    '',
    ...table(['what must hold', 'looked at', 'wrong'], findingRows(results)),
    '',
  ].join('\n')
}

function struckRows(results: RunResult[]): string[][] {
  const struck = results.flatMap(result => result.struck)
  return [...Map.groupBy(struck, subjectOf)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, each]) => [what, String(each.length), String(each.filter(({ together }) => together).length)])
}

/** Signals by the role that they hit; the rest by its kind. */
function subjectOf({ kind, what }: { kind: string; what: string }): string {
  const role = /(admit|deliver|record|run|queue|api)-\d/.exec(what)?.[1]
  return role === undefined ? kind : `${kind} of ${role}`
}

function countRows(results: RunResult[]): string[][] {
  const sums = new Map<string, number>()
  const add = (what: string, count: number) => sums.set(what, (sums.get(what) ?? 0) + count)
  for (const { load, outcomes, counted, organizations } of results) {
    add('organizations', organizations)
    add('calls', load.calls)
    add('calls repeated', load.repeated)
    add('calls given up', load.givenUp)
    add('calls left out, too many being under way', load.late)
    add('records produced into Kafka', load.records)
    for (const [outcome, count] of Object.entries(outcomes)) add(`told: ${outcome}`, count)
    for (const [what, count] of Object.entries(counted)) add(`\`${what}\``, count)
  }
  return [...sums].map(([what, count]) => [what, String(count)])
}

function findingRows(results: RunResult[]): string[][] {
  const sums = new Map<string, { looked: number; wrong: number }>()
  const all = results.flatMap(({ findings, struck, unexpected }) => [
    ...findings,
    { what: 'no process ended by itself', looked: struck.length, wrong: unexpected.length },
  ])
  for (const { what, looked, wrong } of all) {
    const sum = sums.get(what) ?? { looked: 0, wrong: 0 }
    sums.set(what, { looked: sum.looked + looked, wrong: sum.wrong + wrong })
  }
  return [...sums].map(([what, { looked, wrong }]) => [what, String(looked), wrong === 0 ? '0' : `**${wrong}**`])
}

function table(heading: string[], rows: string[][]): string[] {
  return [heading, heading.map(() => '---'), ...rows].map(
    cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  )
}
