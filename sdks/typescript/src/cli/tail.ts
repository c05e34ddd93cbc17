/** `clarion tail`: what happens, as it happens: events, and emits that were rejected. */
import type { StreamQuery } from '../client/types.ts'
import { type Command, type Context, UsageError } from './command.ts'
import { parseJson } from './input.ts'
import { printable } from './printer.ts'

const POLL_MS = 2_000
const WHAT = ['events', 'rejected'] as const

export const tail: Command = {
  name: 'tail',
  positionals: ['[WHAT]'],
  sentence: `Follow ${WHAT.join(' or ')} (default: events) until Ctrl-C.`,
  options: {
    types: { type: 'string', value: 'LIST', sentence: 'Only these: names or ns.*, by comma; default: all.' },
    subject: { type: 'string', value: 'TEXT', sentence: 'Only events of this subject.' },
    where: { type: 'string', value: 'JSON', sentence: 'One group of conditions, as those of webhooks.' },
    from: { type: 'string', value: 'PLACE', sentence: 'latest (default), earliest, a time or a cursor.' },
    count: { type: 'string', value: 'N', sentence: 'End after this many.' },
  },
  async run(context) {
    const [what = 'events'] = context.positionals
    if (!WHAT.includes(what as 'events'))
      throw new UsageError(`'${what}' cannot be followed`, `one of: ${WHAT.join(', ')}`)
    let left = context.number('count', Number.POSITIVE_INFINITY)
    try {
      for await (const [line, record] of what === 'events' ? events(context) : rejected(context)) {
        context.print.line(printable(line), record)
        if (--left === 0) break
      }
    } catch (error) {
      if (!context.signal.aborted) throw error
    }
    return 0
  },
}

type Shown = [line: string, record: object]

async function* events({ client, text, signal }: Context): AsyncGenerator<Shown> {
  const where = text('where')
  const query = {
    types: text('types') ?? '*',
    ...Object.fromEntries(
      ['subject', 'from'].map(name => [name, text(name)]).filter(([, value]) => value !== undefined),
    ),
    ...(where === undefined ? {} : { filter: parseJson(where, '--where') as object }),
  }
  for await (const event of client().events.stream(query as StreamQuery, { signal }))
    yield [
      `#${event.sequence}  ${event.time}  ${event.type}  ${event.subject ?? '-'}  ${JSON.stringify(event.data)}`,
      event,
    ]
}

/** Rejected emits are in no log: the list is read again and again, from the newest one that was shown. */
async function* rejected({ client, clock, text, signal }: Context): AsyncGenerator<Shown> {
  const since = text('from') ?? new Date(clock.nowMs()).toISOString()
  const shown = new Set<string>()
  for (;;) {
    const { data } = await client().events.custom.emits.list(
      { status: 'REJECTED', from: since, limit: 100 },
      { signal },
    )
    for (const emit of data.filter(({ emitId }) => !shown.has(emitId)).reverse()) {
      shown.add(emit.emitId)
      yield [`${emit.recordedAt}  ${emit.name}  ${emit.code}  ${emit.message ?? ''}`, emit]
    }
    await new Promise<void>((resolve, reject) => {
      clock.after(POLL_MS, resolve)
      if (signal.aborted) reject(signal.reason)
    })
  }
}
