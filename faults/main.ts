/** `npm run faults`: load, faults by a seed, quiet, proof; for one seed or for several. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock, createSystemRandom } from '../src/clock.ts'
import { acceptanceTable, runAcceptance } from './acceptance.ts'
import { type FaultOptions, HELP, readOptions } from './options.ts'
import { markdown } from './report.ts'
import { held, type RunResult, runSeed } from './run.ts'
import { PortTaken } from './same-address.ts'
import { PORT_TAKEN_CODE, runSeeds } from './seeds.ts'
import { tableOf } from './table.ts'

const clock = createSystemClock()

main().then(
  code => process.exit(code),
  error => {
    console.error(`faults: ${error instanceof Error ? error.message : error}`)
    process.exit(error instanceof PortTaken ? PORT_TAKEN_CODE : 1)
  },
)

async function main(): Promise<number> {
  const random = createSystemRandom()
  const options = readOptions(process.argv.slice(2), () => (random.bytes(4).readUInt32BE() % 1_000_000) + 1)
  if (options === undefined) {
    console.log(HELP)
    return 0
  }
  if (options.seeds !== undefined) return runSeeds({ ...options, seeds: options.seeds }, say)
  return options.acceptance === undefined ? runOne(options) : accept(options, options.acceptance)
}

/** Answers 0 when nothing was lost, doubled or miscounted and every lease was confirmed again; the figures are for the reader. */
async function accept(options: FaultOptions, only: readonly string[]): Promise<number> {
  return withData(options, async (dataDir, closing) => {
    const { rate: ratePerS, result } = options
    const results = await runAcceptance({ only, ratePerS, dataDir, clock, closing, result, say })
    const table = acceptanceTable(results)
    console.log(table)
    if (options.report !== undefined) writeFileSync(options.report, `${table}\n`)
    return results.every(
      ({ verified, leasesAgree }) =>
        leasesAgree && verified.lost + verified.doubled + verified.broken.length + verified.miscounted.length === 0,
    )
  })
}

async function runOne(options: FaultOptions): Promise<number> {
  return withData(options, async (dataDir, closing) => {
    const result = await runSeed({ options, dataDir, clock, closing, say })
    console.log(tableOf(result, options))
    tell(options, result)
    return held(result)
  })
}

type Closing = Array<(keep: boolean) => Promise<unknown>>

/** Keeps the data when they were given a place, or when something did not hold. */
async function withData(
  options: FaultOptions,
  run: (dataDir: string, closing: Closing) => Promise<boolean>,
): Promise<number> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'clarion-faults-'))
  const closing: Closing = []
  let closed: Promise<void> | undefined
  let keep = options.dataDir !== undefined
  const close = () => (closed ??= closeAll(closing, keep))
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void close().then(() => process.exit(130)))
  try {
    if (await run(dataDir, closing)) return 0
    keep = true
    say(`its data are in ${dataDir}`)
    return 1
  } finally {
    await close()
    if (!keep) rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

function tell({ result: file, report }: FaultOptions, result: RunResult): void {
  if (file !== undefined) writeFileSync(file, JSON.stringify(result))
  if (report !== undefined) writeFileSync(report, markdown([{ seed: result.seed, result }]))
}

async function closeAll(closing: Closing, keep: boolean): Promise<void> {
  for (const each of closing.splice(0).reverse())
    await each(keep).catch(error => say(`a part did not stop cleanly: ${error}`))
}

function say(sentence: string): void {
  console.error(`${(clock.monotonicMs() / 1000).toFixed(1).padStart(7)}  ${sentence}`)
}
