/** `clarion trigger NAME`: the example of an event, or one that its schema takes, with changes. */
import type { Registration } from '../client/types.ts'
import { type Command, type Context, UsageError } from './command.ts'
import { exampleOf } from './example-of.ts'

export const trigger: Command = {
  name: 'trigger',
  positionals: ['NAME'],
  sentence: 'Emit the example of an event, or one made from its schema.',
  options: {
    set: {
      type: 'string',
      value: 'FIELD=VALUE',
      sentence: 'Change a field; several are separated by commas: total=5,customer.name=Ada.',
    },
    subject: { type: 'string', value: 'TEXT', sentence: 'Emits of one subject keep their order.' },
    show: { type: 'boolean', sentence: 'Show the payload, and emit nothing.' },
  },
  notes: '  clarion trigger northwind.order.paid --set total=5,currency=EUR',
  async run(context) {
    const {
      positionals: [name = ''],
      text,
      print,
      signal,
    } = context
    const payload = name === 'platformxe.generic' ? { kind: 'clarion.trigger' } : await payloadOf(context, name)
    for (const change of (text('set') ?? '').split(',').filter(Boolean)) set(payload, change)
    if (context.options.show === true) {
      print.record(payload)
      return 0
    }
    const subject = text('subject')
    const input = { name, payload, ...(subject === undefined ? {} : { subject }) }
    print.record(await context.client().events.custom.emit(input, { signal }))
    return 0
  },
}

async function payloadOf({ client, signal }: Context, name: string): Promise<Record<string, unknown>> {
  const dot = name.indexOf('.')
  if (dot < 1) throw new UsageError(`'${name}' is not the name of an event`, 'NAME is <namespace>.<name>')
  const query = { namespace: name.slice(0, dot), name: name.slice(dot + 1), status: 'published' as const }
  let newest: Registration | undefined
  for await (const each of client().events.custom.each(query, { signal }))
    if (newest === undefined || each.createdAt > newest.createdAt) newest = each
  if (newest === undefined)
    throw new UsageError(`${name} has no published version`, 'clarion custom list --status published')
  const example = newest.payloadExample ?? exampleOf(newest.payloadSchema)
  if (typeof example !== 'object' || example === null || Array.isArray(example))
    throw new UsageError(`${name} has no example, and its schema is not that of an object`)
  return structuredClone(example) as Record<string, unknown>
}

/** `customer.name=Ada`; a value that is JSON is that, any other one is text. */
function set(payload: Record<string, unknown>, change: string): void {
  const equals = change.indexOf('=')
  if (equals < 1) throw new UsageError(`'${change}' is not FIELD=VALUE`)
  const path = change.slice(0, equals).split('.')
  let at = payload
  for (const part of path.slice(0, -1)) {
    if (typeof at[part] !== 'object' || at[part] === null) at[part] = {}
    at = at[part] as Record<string, unknown>
  }
  at[path.at(-1)!] = readValue(change.slice(equals + 1))
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
