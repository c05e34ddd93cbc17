/** Load, faults and held statements of one seed. */
import { again, type FaultOptions } from './options.ts'
import { held, type RunResult } from './run.ts'

const EXAMPLES = 3

export function tableOf(result: RunResult, options: FaultOptions): string {
  const { seed, minutes, struck, findings, load, unexpected, megabytes } = result
  const lines = [
    `seed ${seed}, ${minutes} min, ${struck.length} faults, quiet after ${result.quietS.toFixed(0)} s`,
    `${load.calls} calls (${load.repeated} repeated, ${load.givenUp} given up, ${load.late} left out), ${load.records} records into Kafka, ` +
      `${result.requests} requests received, ${result.repeatedRequests} of them again`,
    `told: ${listed(result.outcomes)}`,
    `counted by the processes: ${listed(result.counted)}`,
    `${megabytes.harness} MB in memory here, ${megabytes.kafka} MB of Kafka and ${megabytes.clickhouse} MB of ClickHouse on disk`,
    '',
    '| what must hold | looked at | holds? |',
    '| --- | --- | --- |',
    ...findings.map(
      ({ what, looked, wrong }) => `| ${what} | ${looked} | ${wrong === 0 ? 'yes' : `**no: ${wrong}**`} |`,
    ),
    `| no process ended by itself | ${struck.length} | ${unexpected.length === 0 ? 'yes' : `**no: ${unexpected.length}**`} |`,
  ]
  for (const { what, wrong, examples } of findings)
    if (wrong > 0) lines.push('', `${what}:`, ...examples.slice(0, EXAMPLES).map(example => `  ${example}`))
  for (const each of unexpected.slice(0, EXAMPLES)) lines.push('', each)
  if (!held(result)) lines.push('', `again: ${again(options)}`)
  return lines.join('\n')
}

export const listed = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ') || 'nothing'
