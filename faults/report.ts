/** What was done, what was broken, and what held: a table on standard output. */
import type { Load } from './load.ts'
import type { FaultOptions } from './options.ts'
import type { Finding } from './proof.ts'
import type { Struck } from './schedule.ts'

const EXAMPLES = 3

/** Answers the exit code. */
export function report(run: {
  options: FaultOptions
  struck: Struck[]
  findings: Finding[]
  load: Load
  arrivals: number
  quietS: number
  unexpected: string[]
}): number {
  const { counts, acknowledged } = run.load
  const lines = [
    `seed ${run.options.seed}, ${run.options.minutes} min, ${run.struck.length} faults, quiet after ${run.quietS.toFixed(0)} s`,
    `${counts.calls} calls (${counts.repeated} repeated, ${counts.givenUp} given up, ${counts.late} left out), ${counts.records} records into Kafka, ` +
      `${acknowledged.length} acknowledged, ${run.arrivals} requests received`,
    '',
    '| what must hold | looked at | holds? |',
    '| --- | --- | --- |',
    ...run.findings.map(({ what, looked, wrong }) => `| ${what} | ${looked} | ${wrong.length === 0 ? 'yes' : `**no: ${wrong.length}**`} |`),
    `| no process ended by itself | ${run.struck.length} | ${run.unexpected.length === 0 ? 'yes' : `**no: ${run.unexpected.length}**`} |`,
  ]
  const broken = run.findings.filter(({ wrong }) => wrong.length > 0)
  for (const { what, wrong } of broken) lines.push('', `${what}:`, ...wrong.slice(0, EXAMPLES).map(example => `  ${example}`))
  for (const each of run.unexpected.slice(0, EXAMPLES)) lines.push('', each)
  if (broken.length > 0)
    lines.push('', `again: npm run faults -- --seed ${run.options.seed} --minutes ${run.options.minutes} --rate ${run.options.rate}`)
  console.log(lines.join('\n'))
  return broken.length === 0 && run.unexpected.length === 0 ? 0 : 1
}
