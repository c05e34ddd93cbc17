/** Picks the roles, starts them, and stops them on a signal. */
import { createSystemClock, createSystemRandom } from './clock.ts'
import { compose } from './compose/compose.ts'
import { signInLink } from './compose/compose-console.ts'
import { isLoopback } from './delivery/addresses.ts'
import { signalChildren } from './embedded/child-service.ts'
import { createLogger, type Logger } from './logger.ts'
import { StartStopped } from './process/stopping.ts'
import { createUnhandled } from './process/unhandled.ts'
import { type Config, ROLES, readConfig, SETTINGS } from './settings/config.ts'

/** Work under way gets this long to finish; unfinished work is repeated after the next start. */
const STOP_WITHIN_MS = 35_000
const READY_POLL_MS = 50
/** SIGHUP: the terminal was closed. SIGQUIT: Ctrl-\. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/** The first signal to stop has come. Parts that are away are news no more. */
let stopping = false
/** Progress of a start, for the person who waits; on the stream of the log. */
const report = (message: string) => {
  if (!stopping) console.error(`clarion: ${message}`)
}
const progress = { info: report, warn: report }

// The reader may close the pipe first, as a closed terminal does: only output is lost then.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const options = readArguments(process.argv.slice(2))
if (options.help) {
  console.log(help())
  process.exit(0)
}
await run(options.roles)

async function run(roles: string | undefined): Promise<void> {
  const config = configOrExit(roles)
  const logger = createLogger(config.logLevel)
  const clock = createSystemClock({ offsetMs: config.clockOffsetMs })
  const fatal = exitOnFatal(logger)
  let running: Awaited<ReturnType<typeof compose>> | undefined
  const unhandled = createUnhandled({ logger, onFatal: fatal })
  process.on('uncaughtException', unhandled.onError)
  process.on('unhandledRejection', unhandled.onError)

  const starting = new AbortController()
  /** During a start it waits for what was begun, and then closes as much as has started. */
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return
    stopping = true
    logger.info({ signal }, 'stopping')
    setTimeout(() => fatal(new Error(`not stopped within ${STOP_WITHIN_MS / 1000} s`)), STOP_WITHIN_MS).unref()
    starting.abort(new StartStopped())
    void started.then(() => running?.close()).then(() => process.exit(0), fatal)
  }
  for (const signal of STOP_SIGNALS) process.on(signal, stop)

  const deps = { config, clock, random: createSystemRandom(), logger, progress, onFatal: fatal, stop: starting.signal }
  const started = compose({ ...deps, unhandled: unhandled.counts }).then(
    platform => {
      running = platform
    },
    error => {
      if (stopping) return
      console.error(`clarion: ${(error as Error).message}`)
      process.exit(1)
    },
  )
  await started
  while (running && !stopping && running.missing().length > 0) await clock.sleep(READY_POLL_MS)
  if (running === undefined || stopping) return
  const { address, adminKey } = running
  const hasConsole = config.console === 'on' && config.roles.includes('api') && address !== undefined
  const link = hasConsole && isLoopback(new URL(address).hostname) ? await signInLink(address, adminKey) : undefined
  if (!stopping) console.log(welcome(config, { address, adminKey, link }))
}

/** Exits at once: a drain would commit the state of a process that is at fault. Kafka and ClickHouse drain themselves. */
function exitOnFatal(logger: Logger): (error: unknown) => never {
  return error => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    logger.error({ error: text }, 'the platform cannot go on')
    signalChildren('SIGTERM')
    process.exit(1)
  }
}

function configOrExit(roles: string | undefined): Config {
  try {
    return readConfig(roles === undefined ? {} : { CLARION_ROLES: roles }, progress)
  } catch (error) {
    console.error(`clarion: ${(error as Error).message}`)
    process.exit(1)
  }
}

function readArguments(given: string[]): { help: boolean; roles: string | undefined } {
  const roles: string[] = []
  for (let at = 0; at < given.length; at++) {
    const [name, value] = given[at]!.split('=', 2) as [string, string | undefined]
    if (name === '--help' || name === '-h') return { help: true, roles: undefined }
    if (name !== '--role' && name !== '--roles') {
      console.error(`clarion: there is no option '${given[at]}'; try --help`)
      process.exit(1)
    }
    const role = value ?? given[++at]
    if (!role) {
      console.error(`clarion: ${name} needs a role: ${ROLES.join(', ')}`)
      process.exit(1)
    }
    roles.push(role)
  }
  return { help: false, roles: roles.length > 0 ? roles.join(',') : undefined }
}

function help(): string {
  const width = Math.max(...SETTINGS.map(({ name }) => name.length)) + 2
  const settings = SETTINGS.map(
    each => `  ${each.name.padEnd(width)}${each.sentence}${each.default ? ` Default: ${each.default}.` : ''}`,
  )
  return [
    'Usage: npm start -- [--role ROLE]…',
    '',
    `Runs the platform. Roles: ${ROLES.join(', ')}; all of them by default. A process with only some roles joins the Kafka and`,
    'ClickHouse that another one of the same data directory has started.',
    '',
    'Settings (environment variables):',
    ...settings,
  ].join('\n')
}

/** `link`: opens the console as the operator, once. */
function welcome(
  config: Config,
  { address, adminKey, link }: { address: string | undefined; adminKey: string; link: string | undefined },
): string {
  const roles = `Clarion is running: ${config.roles.join(', ')}.`
  if (!address) return roles
  if (!config.roles.includes('api')) return `${roles} Health, readiness and metrics are at ${address}.`
  return [
    '',
    `  Clarion is ready at ${address}`,
    `  Operator key: ${adminKey}`,
    ...(link === undefined ? [] : [`  Console, signed in by this link once, within ten minutes: ${link}`]),
    '',
    '  Make an organization:',
    `    curl -s '${address}/api/v1/organizations' -H 'authorization: Bearer ${adminKey}' \\`,
    `      -H 'content-type: application/json' -d '{"name":"acme","plan":"PRO"}'`,
    '',
  ].join('\n')
}
