#!/usr/bin/env node
/**
 * The command behind `npm start`, `npm test` and `npm run test:long | demo | bench | faults | conformance | console`. It runs on
 * any Node from 20, without dependencies: it installs missing packages, then runs the real program on Node 24.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { install, nodeProgram } from './install.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const JEST = ['--experimental-vm-modules', join(root, 'node_modules', 'jest', 'bin', 'jest.js')]

const COMMANDS = {
  start: {
    sentence: 'Run the platform (settings: environment variables, see below).',
    program: ['src/main.ts'],
    beside: ['bin/console.mjs', 'background'],
    dev: false,
  },
  console: {
    sentence: 'Run the development server of the web console; CLARION_URL names a platform.',
    program: ['bin/console.mjs', 'dev'],
    dev: true,
  },
  test: {
    sentence: 'Run every test; further arguments go to jest.',
    program: JEST,
    before: ['src/embedded/prepare.ts'],
    dev: true,
  },
  'test:long': {
    sentence: 'Run the tests that take minutes, such as kills under load; further arguments go to jest.',
    program: [...JEST, '--config', join(root, 'jest.long.config.mjs')],
    before: ['src/embedded/prepare.ts'],
    dev: true,
  },
  demo: {
    sentence: 'Send the real GitHub webhook corpus through a platform, and count.',
    program: ['demo/main.ts'],
    dev: true,
  },
  conformance: {
    sentence: 'Run the suites of others against the platform.',
    program: ['conformance/main.ts'],
    dev: true,
  },
  faults: {
    sentence: 'Break a platform of several processes under load by a seed, and count.',
    program: ['faults/main.ts'],
    dev: true,
  },
  bench: {
    sentence: 'Measure admission and the whole path, each beside its baseline.',
    program: ['bench/main.ts'],
    dev: true,
  },
}
/**
 * Silences experimental features that are used on purpose, and a timer in the Kafka client; any other warning is shown.
 */
const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']
/** The same signal may arrive from the terminal and from npm, within moments. */
const SAME_SIGNAL_MS = 1_000

main().then(
  code => process.exit(code),
  error => {
    console.error(`clarion: ${error.message}`)
    process.exit(error.exitCode ?? 1)
  },
)

async function main() {
  const [name = '--help', ...rest] = process.argv.slice(2)
  if (name === '--help' || name === '-h' || name === 'help') return help()
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw new Error(`there is no command '${name}'; the commands are ${Object.keys(COMMANDS).join(', ')}`)
  await install(root, { dev: command.dev })
  const before = command.before ? await run(command.before) : 0
  const beside = command.beside && process.env.CONSOLE !== 'off' ? runBeside(command.beside) : undefined
  try {
    return before || (await run([...command.program, ...rest]))
  } finally {
    beside?.kill()
  }
}

/** With the lowest priority, and without a say in how the command ends. */
function runBeside(program) {
  const child = spawn(nodeProgram(root), [...FLAGS, ...program], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  child.once('error', error => console.error(`clarion: ${program[0]} could not be started (${error.message})`))
  if (child.pid !== undefined) {
    try {
      setPriority(child.pid, constants.priority.PRIORITY_LOW)
    } catch {
      // The system does not let it; the work is done all the same.
    }
  }
  return child
}

/**
 * Runs a program on Node 24 in the same process group and returns its exit code. A signal may reach the whole group, or
 * this process alone: it is passed on either way, and this process ends after the program, never before it.
 */
function run(program) {
  const child = spawn(nodeProgram(root), [...FLAGS, ...program], { cwd: root, stdio: 'inherit' })
  const passedOn = new Map()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    process.on(signal, () => {
      if (performance.now() - (passedOn.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS) return
      passedOn.set(signal, performance.now())
      child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

function help() {
  console.log(
    'usage: npm start | npm test | npm run test:long | npm run demo | npm run bench | npm run faults | npm run conformance | npm run console   (or: node bin/clarion.mjs <command> [arguments])\n',
  )
  for (const [name, { sentence }] of Object.entries(COMMANDS)) console.log(`  ${name.padEnd(11)} ${sentence}`)
  if (!existsSync(nodeProgram(root))) return 0
  const config = pathToFileURL(join(root, 'src', 'settings', 'config.ts'))
  const list = `const { SETTINGS } = await import('${config}'); console.log('\\nSettings:\\n')
    const width = Math.max(...SETTINGS.map(({ name }) => name.length)) + 2
    for (const { name, sentence, default: value, unit } of SETTINGS)
      console.log('  ' + name.padEnd(width) + sentence + (value ? ' Default: ' + value + (unit ? ' ' + unit : '') + '.' : ''))`
  return run(['--input-type=module', '--eval', list])
}
