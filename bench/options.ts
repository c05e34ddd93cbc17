/** The figures to take and their duration, from the command line. */
import { parseArgs } from 'node:util'

export const FIGURES = [
  'admission',
  'fairness',
  'federation',
  'streams',
  'emit',
  'routes',
  'runs',
  'domain',
  'durable',
  'waiting',
  'neighbours',
  'batch',
  'delivery',
  'catch-up',
  'dry-run',
  'fan-out',
  'push',
  'queues',
  'overload',
  'path',
  'curve',
  'isolation',
  'history',
  'schemas',
  'compatibility',
  'console',
  'growth',
  'keys',
  'kits',
  'start',
  'organizations',
] as const
export type FigureName = (typeof FIGURES)[number]

export interface BenchOptions {
  only: FigureName[]
  /** The folder of the peer benchmark (receiver.mjs, load.mjs, raw.mjs, adapters/). */
  harness: string
  /** Where CPU profiles of the measured processes go; undefined: none are taken, since taking them costs time. */
  profileDir: string | undefined
  /** Where the picture of `curve` goes (SVG); undefined: none is drawn. */
  picture: string | undefined
  /** How often baseline and platform take turns; the ratio is the median. */
  rounds: number
  /** Records for each of the four organizations, per round. */
  records: number
  /** Length of one measured stretch. */
  seconds: number
}

const FULL = { rounds: 3, records: 50_000, seconds: 20 }
const QUICK = { rounds: 1, records: 10_000, seconds: 5 }

export const HELP = `Usage: npm run bench -- [options]

Measures the platform beside a baseline in the same run; only the ratios travel from one machine to another.

  --only LIST      of ${FIGURES.join(', ')} (all of them)
  --quick          one short round of each: whether it works, not how fast it is
  --rounds N       turns of baseline and platform (${FULL.rounds})
  --records N      records for each of four organizations and round (${FULL.records})
  --seconds N      length of one stretch over HTTP (${FULL.seconds})
  --harness DIR    the peer benchmark for 'path', 'curve' and 'isolation' (../shared/bench)
  --picture FILE   draw throughput against latency ('curve') as an SVG
  --profile DIR    write CPU profiles of the platform's processes there; figures get lower
  --help
`

/** Answers undefined for `--help`. Throws a sentence about an option that is wrong. */
export function readOptions(given: string[]): BenchOptions | undefined {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    args: given,
    options: {
      only: text,
      quick: flag,
      rounds: text,
      records: text,
      seconds: text,
      harness: text,
      profile: text,
      picture: text,
      help: flag,
    },
  })
  if (values.help) return undefined
  const length = values.quick ? QUICK : FULL
  return {
    only: figuresOf(values.only),
    harness: values.harness ?? '../shared/bench',
    profileDir: values.profile,
    picture: values.picture,
    rounds: positive('rounds', values.rounds, length.rounds),
    records: positive('records', values.records, length.records),
    seconds: positive('seconds', values.seconds, length.seconds),
  }
}

function figuresOf(list: string | undefined): FigureName[] {
  if (list === undefined) return [...FIGURES]
  const asked = list.split(',').map(name => name.trim())
  const unknown = asked.filter(name => !(FIGURES as readonly string[]).includes(name))
  if (unknown.length > 0) throw new Error(`there is no figure '${unknown[0]}'; the figures are ${FIGURES.join(', ')}`)
  return FIGURES.filter(name => asked.includes(name))
}

function positive(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1, not '${given}'`)
  return value
}
