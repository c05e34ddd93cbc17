/**
 * The verdict on a minor: two schemas of fifty properties, of which some are new, some relaxed; and pairs that are made to
 * be hard, in CPU, whether they end in a verdict or at the bound of work.
 */
import { checkMinor } from '../../src/registry/compatibility/minor.ts'
import { median } from '../rates.ts'
import { hardPairs, wideSchema } from '../schemas.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const VERDICTS = 200
const GOAL_MS = 5
const HARD_GOAL_MS = 50
const HARD_VERDICTS = 15

export async function measureCompatibility({ clock, say }: Testbed): Promise<Row[]> {
  const old = wideSchema(45)
  const next = structuredClone(wideSchema(50))
  for (const property of Object.values(next.properties as Record<string, { maxLength: number }>))
    property.maxLength += 1
  const times = Array.from({ length: VERDICTS }, () => {
    const beginMs = clock.monotonicMs()
    const { findings, warnings, proof } = checkMinor(old, next)
    if (findings.length > 0 || warnings.length !== 45 || !proof) throw new Error('the verdict is not the one expected')
    return clock.monotonicMs() - beginMs
  })
  say(`compatibility: the first verdict ${short(times[0]!)} ms, the slowest ${short(Math.max(...times))} ms`)
  const milliseconds = median(times)
  const hard = Object.entries(hardPairs()).map(([name, pair]) => ({ name, spent: median(cpuOf(...pair)) }))
  for (const { name, spent } of hard) say(`compatibility: ${name}, ${short(spent)} ms of CPU`)
  const hardest = Math.max(...hard.map(({ spent }) => spent))
  return [
    {
      figure: 'verdict on a minor of 50 properties, ms',
      clarion: short(milliseconds),
      baseline: '',
      ratio: '',
      goal: `< ${GOAL_MS} ms`,
      holds: milliseconds < GOAL_MS,
    },
    {
      figure: 'verdict on the hardest pair, ms of CPU',
      clarion: short(hardest),
      baseline: '',
      ratio: '',
      goal: `< ${HARD_GOAL_MS} ms`,
      holds: hardest < HARD_GOAL_MS,
    },
  ]
}

function cpuOf(old: Record<string, unknown>, next: Record<string, unknown>): number[] {
  return Array.from({ length: HARD_VERDICTS }, () => {
    const begin = process.cpuUsage()
    checkMinor(old, next)
    const { user, system } = process.cpuUsage(begin)
    return (user + system) / 1_000
  })
}
