/** `clarion dead-letters …`: deliveries that failed for good, and sending them again. */
import type { RedriveFilter, Replay } from '../client/types.ts'
import { type Command, type Context, type ExitCode, UsageError } from './command.ts'

const POLL_MS = 1_000

// biome-ignore format: a table
const FILTER = {
  webhook: { type: 'string', value: 'ID', sentence: 'Only those of this webhook.' },
  type: { type: 'string', value: 'SELECTOR', sentence: 'Only these events: a name, namespace.* or a version.' },
  error: { type: 'string', value: 'KIND', sentence: 'Only those that ended so: status, timeout, connect, dns, tls and others.' },
  status: { type: 'string', value: 'CODE', sentence: 'Only those that were answered so last.' },
  from: { type: 'string', value: 'TIME', sentence: 'Made at or after (RFC 3339).' },
  to: { type: 'string', value: 'TIME', sentence: 'Made before.' },
} as const

function filterOf({ text, number }: Context): RedriveFilter {
  const named = { webhookId: text('webhook'), type: text('type'), errorKind: text('error') }
  const filter: Record<string, string | number | undefined> = { ...named, from: text('from'), to: text('to') }
  if (text('status') !== undefined) filter.responseStatus = number('status', 0, 100)
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

const list: Command = {
  name: 'dead-letters list',
  positionals: [],
  sentence: 'Deliveries of all webhooks that failed for good, newest first.',
  options: { ...FILTER, limit: { type: 'string', value: 'N', sentence: 'At most this many, up to 100; default 20.' } },
  async run(context) {
    const { client, number, print, signal } = context
    const query = { ...filterOf(context), limit: Math.min(number('limit', 20), 100) }
    const { data } = await client().events.webhooks.deadLetters(query, { signal })
    print.table(data, ['id', 'webhookId', 'eventType', 'responseStatus', 'lastErrorKind', 'attempts', 'createdAt'])
    return 0
  },
}

const OVER: ReadonlySet<Replay['state']> = new Set(['completed', 'cancelled', 'failed'])

/** Until it is over; its progress comes from the history. */
async function follow({ client, clock, print, signal }: Context, id: string, count: number): Promise<ExitCode> {
  for (let shown = -1; ; ) {
    const replay = await client().replays.get(id, { signal })
    const { state, progress } = replay
    const done = progress.processed ?? 0
    if (done !== shown && !print.json) print.line(`${done} of ${count} sent again`, progress)
    shown = done
    if (OVER.has(state)) {
      print.record({ id, state, stateReason: replay.stateReason, ...progress })
      return state === 'completed' ? 0 : 1
    }
    await new Promise<void>((resolve, reject) => {
      clock.after(POLL_MS, resolve)
      if (signal.aborted) reject(signal.reason)
    })
  }
}

const redrive: Command = {
  name: 'dead-letters redrive',
  positionals: [],
  sentence: 'Send them again through their schedule, as a job, and show how far it is.',
  options: {
    ...FILTER,
    rate: { type: 'string', value: 'N', sentence: 'Deliveries per second for each webhook, up to 500; default 50.' },
    'dry-run': { type: 'boolean', sentence: 'Send nothing: count.' },
    detach: { type: 'boolean', sentence: 'Do not wait: show the job.' },
  },
  async run(context) {
    const { client, options, text, number, print, signal } = context
    const filter = filterOf(context)
    if (Object.keys(filter).length === 0)
      throw new UsageError(
        'the dead letters are not chosen',
        'give --webhook, --type, --error, --status, --from or --to',
      )
    const choice = { ...filter, ...(text('rate') !== undefined && { ratePerSecond: number('rate', 50) }) }
    const { webhooks } = client().events
    if (options['dry-run'] === true) {
      print.record({ ...(await webhooks.redriveDryRun(choice, { signal })) })
      return 0
    }
    const started = await webhooks.redriveDeadLetters(choice, { signal })
    if (options.detach === true) {
      print.record(started)
      return 0
    }
    return follow(context, started.id, started.count)
  },
}

export const DEAD_LETTERS: readonly Command[] = [list, redrive]
