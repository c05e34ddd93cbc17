/** From the command line's arguments to an exit code. */
import { addAbortSignal } from 'node:stream'
import { parseArgs } from 'node:util'
import { createClient } from '../client/client.ts'
import { type Command, type Context, type ExitCode, type Option, type Surroundings, UsageError } from './command.ts'
import { COMMANDS } from './commands.ts'
import { explain } from './explain.ts'
import { helpOf, overview } from './help.ts'
import { createPrinter, type Printer } from './printer.ts'

export const GLOBAL_OPTIONS: Record<string, Option> = {
  url: { type: 'string', value: 'URL', sentence: 'Where the platform is (CLARION_URL, else http://127.0.0.1:8080).' },
  key: {
    type: 'string',
    value: 'KEY',
    sentence: "A key of the organization (CLARION_API_KEY); other programs can see a command's words.",
  },
  json: { type: 'boolean', sentence: 'JSON instead of tables.' },
  help: { type: 'boolean', sentence: 'Show this.' },
}

const DEFAULT_URL = 'http://127.0.0.1:8080'

export async function run(surroundings: Surroundings): Promise<ExitCode> {
  const { argv, stdout, stderr } = surroundings
  const print = createPrinter(stdout, stderr, argv.includes('--json'))
  try {
    if (argv.length === 0 || ['--help', '-h', 'help'].includes(argv[0] ?? '')) {
      stdout.write(overview(COMMANDS))
      return argv.length === 0 ? 2 : 0
    }
    checkWords(argv)
    const command = commandOf(argv)
    const { values, positionals } = parse(command, argv)
    if (values.help) {
      stdout.write(helpOf(command, GLOBAL_OPTIONS))
      return 0
    }
    checkPositionals(command, positionals)
    return await command.run(contextOf(surroundings, print, values, positionals))
  } catch (error) {
    if (surroundings.signal.aborted) return 130
    return explain(error, print, stderr)
  }
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
  if (family.length > 0) throw new UsageError(`'${argv[0]}' needs one more word`, `one of: ${family.join(', ')}`)
  throw new UsageError(`there is no command '${argv[0]}'`, `one of: ${COMMANDS.map(({ name }) => name).join(', ')}`)
}

function parse(command: Command, argv: string[]) {
  const all = { ...GLOBAL_OPTIONS, ...command.options }
  const options = Object.fromEntries(Object.entries(all).map(([name, { type }]) => [name, { type }]))
  try {
    const args = argv.slice(command.name.split(' ').length)
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] ?? 'wrong option', `clarion ${command.name} --help`)
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
  options: Context['options'],
  positionals: string[],
): Context {
  const text = (option: string): string | undefined =>
    typeof options[option] === 'string' ? options[option] : undefined
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
    client() {
      const apiKey = text('key') ?? env.CLARION_API_KEY
      if (!apiKey)
        throw new UsageError(
          'there is no key',
          'set CLARION_API_KEY to a key of the organization (ck_live_… or ck_test_…), or give --key',
        )
      return createClient({ baseUrl: text('url') ?? env.CLARION_URL ?? DEFAULT_URL, apiKey, clock, random })
    },
    clock,
    random,
    signal,
  }
}
