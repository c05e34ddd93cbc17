/** From the command line's arguments to an exit code. */
import { addAbortSignal } from 'node:stream'
import { parseArgs } from 'node:util'
import { createClient } from '../client/client.ts'
import { VERSION } from '../client/exchange.ts'
import {
  type Command,
  type Context,
  type ExitCode,
  type Option,
  type Place,
  type Surroundings,
  UsageError,
} from './command.ts'
import { COMMANDS, MAIN_COMMANDS } from './commands.ts'
import { explain } from './explain.ts'
import { helpOf, overview } from './help.ts'
import { nearest, suggestion } from './nearest.ts'
import { createPrinter, type Form, type Printer } from './printer.ts'
import { placeOf } from './profiles.ts'

export const GLOBAL_OPTIONS: Record<string, Option> = {
  url: { type: 'string', value: 'URL', sentence: 'Where the platform is (CLARION_URL, else http://127.0.0.1:8080).' },
  key: {
    type: 'string',
    value: 'KEY',
    sentence: "A key of the organization (CLARION_API_KEY); other programs can see a command's words.",
  },
  profile: { type: 'string', value: 'NAME', sentence: 'A profile that clarion login has made (CLARION_PROFILE).' },
  json: { type: 'boolean', sentence: 'JSON instead of tables.' },
  ndjson: { type: 'boolean', sentence: 'One JSON object a line.' },
  csv: { type: 'boolean', sentence: 'Comma-separated values, with a line of names.' },
  format: { type: 'string', value: 'TEXT', sentence: "A line of your own: '{sequence} {type}'." },
  help: { type: 'boolean', sentence: 'Show this.' },
}

export async function run(surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr } = surroundings
  const argv = commandFirst(surroundings.argv)
  const print = createPrinter(stdout, stderr, { kind: argv.includes('--json') ? 'json' : 'table' })
  try {
    const [first] = argv
    if (first === undefined || ['--help', '-h', 'help'].includes(first)) {
      stdout.write(overview(MAIN_COMMANDS, COMMANDS, argv[1]))
      return first === undefined ? 2 : 0
    }
    if (first === '--version' || first === '-v' || first === 'version') {
      stdout.write(`clarion ${VERSION}\n`)
      return 0
    }
    checkWords(argv)
    const command = commandOf(argv)
    const { values, positionals } = parse(command, argv)
    if (values.help) {
      stdout.write(helpOf(command, GLOBAL_OPTIONS))
      return 0
    }
    checkPositionals(command, positionals)
    const place = await placeOf(surroundings.env, {
      url: textIn(values, 'url'),
      key: textIn(values, 'key'),
      // `listen` and `verify` have a profile of signatures.
      profile: 'profile' in command.options || command.makesProfile ? undefined : textIn(values, 'profile'),
    })
    const chosen = createPrinter(stdout, stderr, formOf(values))
    return await command.run(contextOf({ ...surroundings, argv }, chosen, place, values, positionals))
  } catch (error) {
    if (surroundings.signal.aborted) return 130
    return explain(error, print, stderr)
  }
}

type Values = Context['options']
const textIn = (values: Values, name: string): string | undefined =>
  typeof values[name] === 'string' ? values[name] : undefined

function formOf(values: Values): Form {
  const format = textIn(values, 'format')
  const chosen = (['json', 'ndjson', 'csv'] as const).filter(kind => values[kind] === true)
  if (chosen.length + Number(format !== undefined) > 1)
    throw new UsageError('one of --json, --ndjson, --csv and --format is enough')
  return format === undefined ? { kind: chosen[0] ?? 'table' } : { kind: 'format', format }
}

/** `clarion --json health` is `clarion health --json`. */
function commandFirst(argv: readonly string[]): string[] {
  let at = 0
  while (at < argv.length) {
    const [name = '', value] = (argv[at] ?? '').replace(/^--/, '').split('=')
    const option = argv[at]?.startsWith('--') ? GLOBAL_OPTIONS[name] : undefined
    if (option === undefined || name === 'help') break
    at += option.type === 'string' && value === undefined ? 2 : 1
  }
  return [...argv.slice(at), ...argv.slice(0, at)]
}

/** Node replaces bytes that are not UTF-8 by U+FFFD, which would silently store another text. */
function checkWords(argv: string[]): void {
  const index = argv.findIndex(word => word.includes('\ufffd'))
  if (index < 0) return
  throw new UsageError(
    `word ${index + 1} is not UTF-8, or holds U+FFFD, which stands for such bytes`,
    'in JSON write U+FFFD as \\ufffd',
  )
}

/** The longest command name with which the arguments begin. */
function commandOf(argv: string[]): Command {
  const found = COMMANDS.filter(({ name }) => name.split(' ').every((word, index) => argv[index] === word))
  const [command] = found.sort((a, b) => b.name.length - a.name.length)
  if (command) return command
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${argv[0]} `)).map(({ name }) => name)
  const second = argv[1]?.startsWith('-') ? undefined : argv[1]
  const near = second === undefined ? undefined : nearest(`${argv[0]} ${second}`, family)
  if (near !== undefined)
    throw new UsageError(`there is no command '${argv[0]} ${second}'`, `did you mean clarion ${near}?`)
  if (family.length > 0) throw new UsageError(`'${argv[0]}' needs one more word`, `one of: ${family.join(', ')}`)
  throw new UsageError(
    `there is no command '${argv[0]}'`,
    suggestion(
      argv,
      COMMANDS.map(({ name }) => name),
      MAIN_COMMANDS.map(({ name }) => name),
    ),
  )
}

function parse(command: Command, argv: string[]) {
  const all = { ...GLOBAL_OPTIONS, ...command.options }
  const options = Object.fromEntries(Object.entries(all).map(([name, { type }]) => [name, { type }]))
  try {
    const args = argv.slice(command.name.split(' ').length).map(word => (word === '-h' ? '--help' : word))
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    const message = (error as Error).message.split('. ')[0] ?? 'wrong option'
    const unknown = /^Unknown option '--([\w-]+)'/.exec(message)?.[1]
    const near = unknown === undefined ? undefined : nearest(unknown, Object.keys(options))
    throw new UsageError(
      message,
      near === undefined ? `clarion ${command.name} --help` : `did you mean --${near}? clarion ${command.name} --help`,
    )
  }
}

function checkPositionals({ name, positionals: wanted }: Command, given: string[]): void {
  const missing = wanted.filter(each => !each.startsWith('['))[given.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`, `clarion ${name} --help`)
  if (given.length > wanted.length)
    throw new UsageError(`'${given[wanted.length]}' is one word too many`, `clarion ${name} --help`)
}

function contextOf(
  { env, stdin, clock, random, signal }: Surroundings,
  print: Printer,
  place: Place,
  options: Context['options'],
  positionals: string[],
): Context {
  const text = (option: string): string | undefined => textIn(options, option)
  const clientFor = ({ url, key }: { url: string; key: string }) => {
    try {
      return createClient({ baseUrl: url, apiKey: key, clock, random })
    } catch (error) {
      // The words of the kit are for programs: its options have other names here.
      throw new UsageError(
        (error as Error).message.replace('baseUrl', '--url (CLARION_URL)').replace('apiKey', 'the key'),
      )
    }
  }
  return {
    positionals,
    options,
    text,
    number(option, fallback, min = 1) {
      const given = text(option)
      if (given === undefined) return fallback
      if (!/^\d+$/.test(given) || Number(given) < min)
        throw new UsageError(`--${option} must be a whole number of at least ${min}`)
      return Number(given)
    },
    env,
    stdin: addAbortSignal(signal, stdin).on('error', () => undefined),
    print,
    place,
    client() {
      if (place.key === undefined)
        throw new UsageError(
          'there is no key',
          'clarion login, or set CLARION_API_KEY to a key of the organization (ck_live_… or ck_test_…), or give --key',
        )
      return clientFor({ url: place.url, key: place.key })
    },
    clientFor,
    clock,
    random,
    signal,
  }
}
