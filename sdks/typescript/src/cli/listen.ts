/** `clarion listen` and `clarion consume`: the organization's own events, as they are accepted. */
import type { LogEvent } from '../kafka/log-event.ts'
import { SIGNATURE_PROFILES } from '../webhooks/profiles.ts'
import type { SignOptions } from '../webhooks/sign.ts'
import { type Command, type Context, type Option, UsageError } from './command.ts'
import { consumeLog, groupOf } from './consume-log.ts'
import { createForwarder } from './forward.ts'
import { findCredentials, KAFKA_OPTIONS } from './kafka.ts'
import { printable } from './printer.ts'
import { streamLog } from './stream-log.ts'

type Profile = NonNullable<SignOptions['profile']>
/** Ed25519 needs the platform's private key. */
const PROFILES = SIGNATURE_PROFILES.filter((each): each is Profile => each !== 'ed25519')
const COUNT: Option = { type: 'string', value: 'N', sentence: 'End after this many events; default: until Ctrl-C.' }

export const SIGNING_OPTIONS: Record<string, Option> = {
  secret: {
    type: 'string',
    value: 'TEXT',
    sentence: 'Signing secret of the deliveries (CLARION_WEBHOOK_SECRET); by default a new one, which is shown.',
  },
  profile: { type: 'string', value: 'NAME', sentence: `How: ${PROFILES.join(', ')}; default standard.` },
}

export const listen: Command = {
  name: 'listen',
  positionals: [],
  sentence: 'Show events as they are accepted, or forward them to a program on this machine as signed deliveries.',
  // biome-ignore format: a table
  options: {
    events: { type: 'string', value: 'LIST', sentence: 'Only these: names or ns.*, by comma.' },
    after: { type: 'string', value: 'SEQUENCE', sentence: 'Start behind this event; 0 is the oldest one kept. Default: the newest one.' },
    count: COUNT,
    'forward-to': { type: 'string', value: 'URL', sentence: 'POST each event there, as a webhook would.' },
    ...SIGNING_OPTIONS,
    from: { type: 'string', value: 'PLACE', sentence: 'Start there: latest (default), earliest, a time or a cursor.' },
    place: { type: 'string', value: 'FILE', sentence: 'Keep the place there, and go on at it the next time.' },
    ...KAFKA_OPTIONS,
  },
  notes: `With a Kafka credential the log itself is read, at once and to the letter. Without one a stream of the API is, as soon, and numbers
are written as JavaScript writes them. It waits for a platform that is away, and misses nothing; with --place, a later run neither. Forwarding tries once and shows the answer; retries are the platform's own webhooks' to make.
  clarion listen --events 'northwind.*' --forward-to http://localhost:3000/hook --secret whsec_…`,
  async run(context) {
    const forward = forwarderTo(context, context.text('forward-to'), '--forward-to')
    return showEvents(context, await sourceOf(context), forward)
  },
}

export const consume: Command = {
  name: 'consume',
  positionals: [],
  sentence: "Read the organization's own log by Kafka, as a member of a consumer group that goes on where it stopped.",
  options: {
    group: { type: 'string', value: 'NAME', sentence: "The group, without the credential's prefix; default cli." },
    'from-beginning': {
      type: 'boolean',
      sentence: 'Start a new group with the oldest event kept, not with the next one.',
    },
    count: COUNT,
    ...KAFKA_OPTIONS,
  },
  run: context =>
    showEvents(
      context,
      consumeLog(context, { group: groupOf(context), fromBeginning: context.options['from-beginning'] === true }),
    ),
}

export async function showEvents(
  context: Context,
  events: AsyncIterable<LogEvent>,
  forward?: (event: LogEvent) => Promise<void>,
): Promise<0> {
  const { text, number, print } = context
  const wanted = selectorOf(text('events'))
  const after = text('after') === undefined ? 0 : number('after', 0, 0)
  let left = number('count', Number.POSITIVE_INFINITY)
  try {
    for await (const event of events) {
      if (event.sequence <= after || !wanted(event.type)) continue
      const { payloadJson, ...shown } = event
      print.line(
        printable(`#${event.sequence}  ${event.time}  ${event.type}  ${event.subject ?? '-'}  ${payloadJson}`),
        shown,
      )
      await forward?.(event)
      if (--left === 0) break
    }
  } catch (error) {
    if (context.signal.aborted) return 0
    const { resumeAfter } = error as { resumeAfter?: number }
    if (resumeAfter !== undefined) print.note(`to go on from here: clarion listen --after ${resumeAfter}`)
    throw error
  }
  return 0
}

async function sourceOf(context: Context): Promise<AsyncIterable<LogEvent>> {
  const { number, random } = context
  if ((await findCredentials(context)) === undefined) return streamLog(context)
  for (const option of ['place', 'from'])
    if (context.text(option) !== undefined) throw new UsageError(`--${option} is for streams, not beside --kafka`)
  const fromBeginning = context.text('after') !== undefined && number('after', 0, 0) >= 0
  return consumeLog(context, { group: `listen-${random.id()}`, fromBeginning })
}

function selectorOf(list: string | undefined): (type: string) => boolean {
  if (list === undefined) return () => true
  const selectors = list.split(',').map(each => each.trim())
  return type =>
    selectors.some(each => each === '*' || each === type || (each.endsWith('.*') && type.startsWith(each.slice(0, -1))))
}

/** `option`: the one that has the URL. */
export function forwarderTo(
  { text, env, print, clock, random, signal }: Context,
  url: string | undefined,
  option: string,
): ((event: LogEvent) => Promise<void>) | undefined {
  if (url === undefined) return undefined
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`${option} must be a URL (http or https)`)
  const profile = text('profile') ?? 'standard'
  if (!PROFILES.includes(profile as Profile))
    throw new UsageError(`there is no profile '${profile}'`, `one of: ${PROFILES.join(', ')}`)
  const given = text('secret') ?? env.CLARION_WEBHOOK_SECRET
  const secret = given ?? `whsec_${Buffer.from(random.id(), 'hex').toString('base64')}`
  if (given === undefined) print.note(`the secret is ${secret}`)
  return createForwarder({ url, secret, profile: profile as Profile, clock, random, signal, note: print.note })
}
