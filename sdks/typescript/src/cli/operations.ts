/** Every operation of the API as a command: `clarion webhooks list`, `clarion tables rows NAME --limit 5`. */
import { createCaller } from '../client/operation.ts'
import { OPERATIONS } from '../generated/operations.ts'
import type { Operation } from '../operation.ts'
import { type Command, type Context, type Option, UsageError } from './command.ts'
import { parseJson, readInput } from './input.ts'

const DATA: Option = { type: 'string', value: 'JSON', sentence: 'The whole body: JSON, @FILE, or - for stdin.' }
const IF_MATCH: Option = { type: 'string', value: 'N', sentence: 'Refused unless the resource has this revision.' }
const ALL: Option = { type: 'boolean', sentence: 'Every page, not the first alone.' }

/** `events.webhooks.deadLetters` → `webhooks dead-letters`. */
export const commandName = (call: string): string =>
  call
    .replace(/^events\.(?=webhooks\.|custom\.)/, '')
    .split('.')
    .map(kebab)
    .join(' ')

export const kebab = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

function commandFor(call: string, operation: Operation): Command {
  const ids = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => kebab(name!).toUpperCase())
  return {
    name: commandName(call),
    positionals: ids,
    sentence: operation.summary,
    options: optionsOf(operation),
    notes: `${operation.method} ${operation.path}`,
    run: context => runOperation(call, operation, context),
  }
}

/** A field of the body never hides an option that all commands have. */
const TAKEN = new Set(['url', 'key', 'json', 'ndjson', 'csv', 'format', 'profile', 'help', 'data', 'all', 'if-match'])

function optionsOf({ query, body, page, method }: Operation): Record<string, Option> {
  const fields = { ...query, ...(isFields(body) ? body : {}) }
  const own = Object.entries(fields).map(([name, kind]): [string, Option] => [
    optionName(name),
    {
      type: kind === 'boolean' ? 'boolean' : 'string',
      ...(kind === 'boolean' ? {} : { value: kind.toUpperCase() }),
      sentence: sentenceOf(name, kind),
    },
  ])
  return {
    ...Object.fromEntries(own),
    ...(body === null ? {} : { data: DATA }),
    ...(page === 'cursor' ? { all: ALL } : {}),
    ...(method === 'GET' || method === 'POST' ? {} : { 'if-match': IF_MATCH }),
  }
}

const optionName = (name: string): string => (TAKEN.has(kebab(name)) ? `body-${kebab(name)}` : kebab(name))
const sentenceOf = (name: string, kind: string): string => (kind === 'json' ? `${name}, as JSON.` : `${name}.`)
const isFields = (body: Operation['body']): body is Readonly<Record<string, string>> => body !== null && !('*' in body)

async function runOperation(call: string, operation: Operation, context: Context): Promise<0> {
  const { positionals, print, signal, text } = context
  const calls = createCaller(request => context.client().request(request))
  const query = valuesOf(operation.query, context)
  const input = await inputOf(operation, context)
  const ifMatch = text('if-match')
  const options = { signal, ...(ifMatch === undefined ? {} : { ifMatch: context.number('if-match', 0, 0) }) }
  const given = { ids: positionals, query, ...(input === undefined ? {} : { input }) }
  if (operation.page === 'cursor' && context.options.all === true) {
    for await (const item of calls.each<object>(call, given, options)) print.line(JSON.stringify(item), item)
    return 0
  }
  if (operation.page !== null) {
    const { data, nextCursor } = await calls.page<object>(call, given, options)
    print.table(data, columnsOf(data))
    if (nextCursor !== null && operation.page === 'cursor') print.note(`more: --cursor ${nextCursor}, or --all`)
    return 0
  }
  const found = await calls.call<unknown>(call, given, options)
  if (Array.isArray(found)) print.table(found, columnsOf(found))
  else if (typeof found === 'object' && found !== null) print.record(found)
  else print.line(String(found).trimEnd(), { answer: found })
  return 0
}

const SHOWN_COLUMNS = 6
/** Ids and short values first: what a person looks for. */
function columnsOf(rows: readonly object[]): string[] {
  const first = Object.entries(rows[0] ?? {})
  return first
    .filter(([, value]) => typeof value !== 'object' || value === null)
    .map(([name]) => name)
    .slice(0, SHOWN_COLUMNS)
}

async function inputOf({ body }: Operation, context: Context): Promise<unknown> {
  if (body === null) return undefined
  const data = context.text('data')
  const whole = data === undefined ? undefined : parseJson(await readInput(data, context.stdin), 'the body')
  const fields = isFields(body) ? valuesOf(body, context) : {}
  if (Object.keys(fields).length === 0) return whole ?? {}
  if (whole !== undefined && (typeof whole !== 'object' || whole === null || Array.isArray(whole)))
    throw new UsageError('--data must be a JSON object beside options of the body')
  return { ...whole, ...fields }
}

function valuesOf(kinds: Readonly<Record<string, string>>, context: Context): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(kinds)) {
    const given = context.options[optionName(name)]
    if (given !== undefined) values[name] = readValue(given, kind, optionName(name))
  }
  return values
}

function readValue(given: string | boolean, kind: string, option: string): unknown {
  if (typeof given === 'boolean' || kind === 'string') return given
  if (kind === 'json') return parseJson(given, `--${option}`)
  if (!/^-?\d+(\.\d+)?$/.test(given)) throw new UsageError(`--${option} is a number`)
  return Number(given)
}

export const OPERATION_COMMANDS: readonly Command[] = Object.entries(OPERATIONS)
  .filter(([, { answer }]) => answer !== 'stream')
  .map(([call, operation]) => commandFor(call, operation))
