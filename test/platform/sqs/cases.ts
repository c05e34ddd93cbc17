/** Cases of SQS: each is named after the documented behaviour that it follows. */
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs'
import type { SqsQueues } from './sqs-queues.ts'

export type Queue = Awaited<ReturnType<SqsQueues['queue']>>
export type Case = [title: string, run: (sqs: SqsQueues) => Promise<void>]

type Order = Omit<ReceiveMessageCommandInput, 'QueueUrl'>

/** Waits for a message, unless the order says otherwise. */
export async function receive({ client }: SqsQueues, { url }: Queue, order: Order = {}): Promise<Message[]> {
  const given = { QueueUrl: url, WaitTimeSeconds: 20, ...order }
  return (await client.send(new ReceiveMessageCommand(given))).Messages ?? []
}

/** Does not wait. */
export const peek = (sqs: SqsQueues, queue: Queue, order: Order = {}) =>
  receive(sqs, queue, { WaitTimeSeconds: 0, ...order })

/** A queue with events 1 to `count`, all of these subjects in turn. */
export async function filled(sqs: SqsQueues, count: number, settings: object = {}, subjects: string[] = []) {
  const queue = await sqs.queue(settings)
  const ids: string[] = []
  for (let n = 1; n <= count; n++) ids.push(await sqs.emit(n, subjects[(n - 1) % subjects.length]))
  return { queue, ids }
}

export const numberOf = ({ Body }: Message): number => JSON.parse(Body!).data.data.n

/** Receives and deletes until nothing is left of these. */
export async function take(sqs: SqsQueues, queue: Queue, count: number): Promise<Message[]> {
  const taken: Message[] = []
  while (taken.length < count) {
    const [message] = await receive(sqs, queue)
    if (message === undefined) break
    taken.push(message)
    await remove(sqs, queue, message)
  }
  return taken
}

export const remove = ({ client }: SqsQueues, { url }: Queue, { ReceiptHandle }: Message) =>
  client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }))

/** The name of the error that a call ends with. */
export const errorOf = (calling: Promise<unknown>): Promise<string> =>
  calling.then(
    () => 'no error',
    error => error.name,
  )
