/** The faults to cause and their duration, from the command line. */
import { parseArgs } from 'node:util'
import { STRIKE_NAMES } from './acceptance-strikes.ts'

export interface FaultOptions {
  /** Decides what fails, when and where: the same seed makes the same schedule. */
  seed: number
  /** Instead of one: these, one after the other. */
  seeds: number[] | undefined
  /** How long load and faults last; what follows is waiting until all is quiet. */
  minutes: number
  /** Calls per second over HTTP, and records per second straight into Kafka, over all organizations. */
  rate: number
  /** Of the cluster that is struck. */
  brokers: 1 | 3
  /** A fault every so many seconds, on average. */
  everyS: number
  /** Instead of seeds: the strikes of the acceptance table by name; an empty list is all of them. */
  acceptance: string[] | undefined
  /** Kinds of faults to leave out. */
  without: string[]
  /** Where the data go; kept when given. */
  dataDir: string | undefined
  /** Where the result is written as Markdown, and as JSON. */
  report: string | undefined
  result: string | undefined
}

export const HELP = `Usage: npm run faults -- [options]

Runs a platform of several processes per role under a constant load, breaks it by a schedule made from the seed, waits until all is quiet, and
proves that nothing was lost, invented or counted twice. Ends with 0 if everything held, with 1 if anything did not, with 3 if another program
took the port of a part that was being started again: then nothing was found out.

  --seed N       the schedule of faults; a failing run can be run again (random)
  --seeds LIST   several seeds, one after the other, each on fresh data: 5 for five random ones, 1-10, or 3,7,11. A seed that fails keeps
                 its data and says where they are
  --minutes M    length of load and faults, of each seed (2)
  --rate N       calls per second over HTTP; a fifth as many records go straight into Kafka (40)
  --brokers N    1 or 3 brokers (1); of three, with three replicas of everything, each is struck alone, and two at once
  --acceptance [STRIKE,…]
                 instead of seeds: two processes of all roles on three brokers, one strike after the other, and of each the longest time
                 without an accepted emit, also for organizations led elsewhere, and what was lost or doubled; --rate is 100 then, of
                 emits over HTTP. About 25 minutes for all of ${STRIKE_NAMES.slice(0, 4).join(', ')},
                 ${STRIKE_NAMES.slice(4, 9).join(', ')},
                 ${STRIKE_NAMES.slice(9).join(', ')}
  --every S      a fault every S seconds on average (6)
  --without LIST kinds of faults to leave out: kill, term, stop, broker-kill, broker-restart, broker-away, clickhouse-kill, clickhouse-away,
                 disk-full, postgres-kill, postgres-restart, postgres-freeze, postgres-away, sandbox-kill, clock, receivers, hang, organization,
                 plan, two; with three brokers also broker-rolling, broker-freeze, quorum-away,
                 leaders, preferred, isr, disk-wiped
  --data DIR     keep the data there (a run that does not hold keeps them anyway, and says where)
  --report FILE  write the result there as Markdown
  --result FILE  write it there as JSON
  --help
`

/** Undefined for `--help`. Throws a sentence about an option that is wrong. `random`: seeds to take when none are given. */
export function readOptions(given: string[], random: () => number): FaultOptions | undefined {
  const text = { type: 'string' } as const
  const names = ['seed', 'seeds', 'minutes', 'rate', 'brokers', 'every', 'without', 'data', 'report', 'result'] as const
  const options = Object.fromEntries(names.map(name => [name, text])) as Record<(typeof names)[number], typeof text>
  const all = { ...options, help: { type: 'boolean' }, acceptance: { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ args: given, options: all, allowPositionals: true })
  if (values.help) return undefined
  if (values.seeds !== undefined && values.data !== undefined)
    throw new Error('--data is for one seed: each of several has data of its own')
  const acceptance = values.acceptance ? positionals.flatMap(each => each.split(',')) : undefined
  const unknown = (acceptance ?? positionals).filter(each => acceptance === undefined || !STRIKE_NAMES.includes(each))
  if (unknown.length > 0) throw new Error(`there is no ${acceptance ? 'strike' : 'option'} '${unknown[0]}'; try --help`)
  return {
    acceptance,
    seed: positive('seed', values.seed, random()),
    seeds: values.seeds === undefined ? undefined : readSeeds(values.seeds, random),
    minutes: positive('minutes', values.minutes, 2),
    rate: positive('rate', values.rate, acceptance === undefined ? 40 : 100),
    brokers: brokerCount(values.brokers),
    everyS: positive('every', values.every, 6),
    without: values.without?.split(',').map(kind => kind.trim()) ?? [],
    dataDir: values.data,
    report: values.report,
    result: values.result,
  }
}

function brokerCount(given = '1'): 1 | 3 {
  if (given !== '1' && given !== '3') throw new Error(`--brokers must be 1 or 3, not '${given}'`)
  return given === '1' ? 1 : 3
}

const SEEDS_MAX = 1_000

function readSeeds(given: string, random: () => number): number[] {
  const range = /^(\d+)-(\d+)$/.exec(given)
  const [from, to] = range ? [Number(range[1]), Number(range[2])] : [1, Number(given)]
  if (/^\d+(,\d+)+$/.test(given)) return given.split(',').map(Number)
  const count = to - from + 1
  if (!(from >= 1 && count >= 1 && count <= SEEDS_MAX && Number.isInteger(count)))
    throw new Error(`--seeds must be a number, a range such as 1-10 or a list such as 3,7,11, not '${given}'`)
  return Array.from({ length: count }, (_, n) => (range ? from + n : random()))
}

function positive(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not '${given}'`)
  return value
}

/** The options that say what a run of one seed does. */
export const argumentsOf = ({ seed, minutes, rate, brokers, everyS, without }: FaultOptions): string[] => [
  ...['--seed', String(seed), '--minutes', String(minutes), '--rate', String(rate), '--every', String(everyS)],
  ...(brokers === 1 ? [] : ['--brokers', String(brokers)]),
  ...(without.length > 0 ? ['--without', without.join()] : []),
]

/** The command that runs it again. */
export const again = (options: FaultOptions): string => `npm run faults -- ${argumentsOf(options).join(' ')}`
