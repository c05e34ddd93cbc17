/** Several seeds, one after the other: a process and a data directory for each, so that none knows of another. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { again, argumentsOf, type FaultOptions } from './options.ts'
import { markdown, rowOf, SEEDS_HEADING, type SeedResult } from './report.ts'
import { held, type RunResult } from './run.ts'

/** Says that nothing was found out: another program has taken a port. */
export const PORT_TAKEN_CODE = 3
const TRIES = 3

/** Answers the exit code: 1 if any seed failed. */
export async function runSeeds(
  options: FaultOptions & { seeds: number[] },
  say: (sentence: string) => void,
): Promise<number> {
  const results: SeedResult[] = []
  let stopped = false
  const stop = () => {
    stopped = true
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  for (const seed of options.seeds) {
    if (stopped) break
    const result = await runApart(seed, options, say)
    results.push(result)
    say(SEEDS_HEADING.map((heading, at) => `${heading} ${rowOf(result)[at]}`).join(', '))
    if (result.keptIn !== undefined) say(`its data are in ${result.keptIn}; again: ${again({ ...options, seed })}`)
    if (options.report !== undefined) writeFileSync(options.report, markdown(results))
    if (options.result !== undefined) writeFileSync(options.result, JSON.stringify(results))
  }
  console.log(markdown(results))
  return results.length === options.seeds.length && results.every(({ result }) => result !== undefined && held(result))
    ? 0
    : 1
}

async function runApart(seed: number, options: FaultOptions, say: (sentence: string) => void): Promise<SeedResult> {
  for (let tries = 1; ; tries++) {
    const directory = mkdtempSync(join(tmpdir(), `clarion-faults-${seed}-`))
    const file = join(directory, 'result.json')
    const [data, log] = [join(directory, 'data'), join(directory, 'said')]
    const { code, said } = await run([...argumentsOf({ ...options, seed }), '--data', data, '--result', file])
    const result = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunResult) : undefined
    if (code === 0 && result !== undefined) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
      return { seed, result }
    }
    if (code === PORT_TAKEN_CODE && tries < TRIES) {
      say(`seed ${seed}: another program has taken a port; again`)
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
      continue
    }
    writeFileSync(log, said)
    return {
      seed,
      result,
      keptIn: directory,
      failure: result === undefined ? (said.trim().split('\n').at(-1) ?? String(code)) : undefined,
    }
  }
}

/** Its output goes on to our own standard error, and is kept. */
function run(args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL('main.ts', import.meta.url)), ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const onSignal = (signal: NodeJS.Signals) => void child.kill(signal)
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      said += text.toString()
      process.stderr.write(text)
    })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
      resolve({ code, said })
    })
  })
}
