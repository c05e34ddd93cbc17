/** The log by Kafka, as something to be gone through. */
import type { LogEvent } from '../kafka/consumer.ts'
import { type Context, UsageError } from './command.ts'
import { getCredentials, loadKafka } from './kafka.ts'

/** Ends when the signal is aborted. The next event is taken only when the last one has been dealt with, so the group stands where we are. */
export async function* consumeLog(context: Context, where: { group: string; fromBeginning: boolean }): AsyncGenerator<LogEvent> {
  const credentials = await getCredentials(context)
  const { consume } = await loadKafka()
  const handed: Array<{ event: LogEvent; done: () => void }> = []
  let failure: Error | undefined
  let wake: () => void = () => undefined
  const stop = () => wake()
  context.signal.addEventListener('abort', stop)
  const consumption = await consume({
    credentials,
    clientId: 'clarion-cli',
    ...where,
    onEvent: event =>
      new Promise(done => {
        handed.push({ event, done })
        wake()
      }),
    onError(error) {
      failure = error
      wake()
    },
  })
  context.print.note(`reading ${credentials.topics.events} as group ${credentials.groupPrefix ?? ''}${where.group}`)
  try {
    while (!context.signal.aborted) {
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
    context.signal.removeEventListener('abort', stop)
    for (const { done } of handed) done()
    await consumption.close()
  }
}

export function groupOf({ text }: Context): string {
  const group = text('group') ?? 'cli'
  if (!/^[\w.-]{1,100}$/.test(group)) throw new UsageError('--group may have letters, digits, dots, dashes and underscores')
  return group
}
