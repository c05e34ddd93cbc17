#!/usr/bin/env node
/** `clarion`: the process around the commands. */
import { systemClock, systemRandom } from '../clock.ts'
import { run } from './run.ts'

const controller = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
// A reader that closes early (`clarion listen | head`) is not an error.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  process.exit(0)
})
// Messages that nobody reads change nothing, the exit code neither.
process.stderr.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
})
// kafkajs computes timeouts that cause a warning in Node 24; every other warning is shown.
process.removeAllListeners('warning')
process.on('warning', warning => {
  if (!['TimeoutNegativeWarning', 'ExperimentalWarning'].includes(warning.name))
    console.error(`${warning.name}: ${warning.message}`)
})

const { argv, env, stdin, stdout, stderr } = process
process.exitCode = await run({
  argv: argv.slice(2),
  env,
  stdin,
  stdout,
  stderr,
  clock: systemClock,
  random: systemRandom,
  signal: controller.signal,
})
stdin.destroy()
// All output is written: idle connections and failed ones must not hold the process.
setTimeout(() => process.exit(), 500).unref()
