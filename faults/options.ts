/** What to break and for how long, from the command line. */
import { parseArgs } from 'node:util'

export interface FaultOptions {
  /** Decides what fails, when and where: the same seed makes the same schedule. */
  seed: number
  /** How long load and faults last; what follows is waiting until all is quiet. */
  minutes: number
  /** Calls per second over HTTP, and records per second straight into Kafka, over all organizations. */
  rate: number
  /** A fault every so many seconds, on average. */
  everyS: number
  /** Kinds of faults to leave out. */
  without: string[]
  /** Where the data go; kept when given. */
  dataDir: string | undefined
}

export const HELP = `Usage: npm run faults -- [options]

Runs a platform of several processes per role under a constant load, breaks it by a schedule made from the seed, waits until all is quiet, and
proves that nothing was lost, invented or counted twice. Ends with 0 if everything held, with 1 if anything did not.

  --seed N       the schedule of faults; a failing run can be run again (random)
  --minutes M    length of load and faults (2)
  --rate N       calls per second over HTTP; a fifth as many records go straight into Kafka (40)
  --every S      a fault every S seconds on average (6)
  --without LIST kinds of faults to leave out: kill, term, stop, broker-kill, broker-restart, clickhouse-kill, clickhouse-away,
                 disk-full, clock, receivers
  --data DIR     keep the data there
  --help
`

/** Undefined when help was asked for. Throws a sentence about an option that is wrong. */
export function readOptions(given: string[], randomSeed: number): FaultOptions | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: given,
    options: { seed: text, minutes: text, rate: text, every: text, without: text, data: text, help: { type: 'boolean' } },
  })
  if (values.help) return undefined
  return {
    seed: positive('seed', values.seed, randomSeed),
    minutes: positive('minutes', values.minutes, 2),
    rate: positive('rate', values.rate, 40),
    everyS: positive('every', values.every, 6),
    without: values.without?.split(',').map(kind => kind.trim()) ?? [],
    dataDir: values.data,
  }
}

function positive(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not '${given}'`)
  return value
}
