/** The log, consumed by Kafka, as an async iterable. */
import type { LogEvent } from '../kafka/log-event.ts'
import { type Context, UsageError } from './command.ts'
import { getCredentials, loadKafka } from './kafka.ts'

/** An interrupted command must end soon. */
const CLOSE_TIMEOUT_MS = 1_000

/**
 * Ends when the signal is aborted. The next event is taken only after the last one has been processed, so the group's
 * committed position is behind it. While the brokers are away it waits, and reports it.
 */
export async function* consumeLog(
  context: Context,
  where: { group: string; fromBeginning: boolean },
): AsyncGenerator<LogEvent> {
  const { print, signal, clock, random } = context
  const credentials = await getCredentials(context)
  const { consume } = await loadKafka()
  const handed: Array<{ event: LogEvent; done: () => void; leave: (reason: Error) => void }> = []
  let failure: Error | undefined
  let wake: () => void = () => undefined
  const stop = () => wake()
  signal.addEventListener('abort', stop)
  const consumption = await consume({
    credentials,
    clientId: 'clarion-cli',
    ...where,
    ...{ clock, random, signal, closeTimeoutMs: CLOSE_TIMEOUT_MS },
    onEvent: event =>
      new Promise((done, leave) => {
        handed.push({ event, done, leave })
        wake()
      }),
    onError(error, failed) {
      if (failed) return 'retry'
      failure = error
      wake()
      return undefined
    },
    onDisconnect: (error, retryInMs) =>
      print.note(`the brokers are away (${error.message}); once more in ${Math.ceil(retryInMs / 1_000)} s`),
    onReset: partition =>
      print.note(
        `partition ${partition}: the group's place is not kept any more; it goes on with the oldest event that is`,
      ),
  })
  print.note(`reading ${credentials.topics.events} as group ${credentials.groupPrefix ?? ''}${where.group}`)
  try {
    while (!signal.aborted) {
      const next = handed.shift()
      if (next) {
        try {
          yield next.event
        } finally {
          next.done()
        }
      } else if (failure) throw failure
      else {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  } finally {
    signal.removeEventListener('abort', stop)
    const closing = consumption.close()
    // They were not shown: their position is not committed.
    for (const { leave } of handed) leave(new Error('not shown'))
    await closing
  }
}

export function groupOf({ text }: Context): string {
  const group = text('group') ?? 'cli'
  if (!/^[\w.-]{1,100}$/.test(group))
    throw new UsageError('--group may have letters, digits, dots, dashes and underscores')
  return group
}
