/** Visibility, deleting, batches, and the order of groups. */
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
} from '@aws-sdk/client-sqs'
import { expect } from '@jest/globals'
import { type Case, errorOf, filled, numberOf, peek, type Queue, receive, remove, take } from './cases.ts'
import type { SqsQueues } from './sqs-queues.ts'

const TWELVE_HOURS_S = 43_200
const FIFO = { ordered: true }

const change = ({ client }: SqsQueues, { url }: Queue, ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
  client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout }))

const deleteBatch = ({ client }: SqsQueues, { url }: Queue, Entries: Array<{ Id: string; ReceiptHandle: string }>) =>
  client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))

export const SETTLE_CASES: Case[] = [
  [
    'a message is invisible for its timeout, and then received again with a higher count',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const order = { VisibilityTimeout: 1, MessageSystemAttributeNames: ['All' as const] }
      const [first] = await receive(sqs, queue, order)
      expect(await peek(sqs, queue)).toEqual([])
      const [second] = await receive(sqs, queue, order)
      const times = [first, second].map(each => each!.Attributes!.ApproximateFirstReceiveTimestamp)
      expect([second!.Attributes!.ApproximateReceiveCount, times[0]]).toEqual(['2', times[1]])
    },
  ],
  [
    'a VisibilityTimeout of 0 leaves the message visible',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      await receive(sqs, queue, { VisibilityTimeout: 0 })
      expect((await peek(sqs, queue)).map(numberOf)).toEqual([1])
    },
  ],
  [
    'ChangeMessageVisibility to 0 makes a message visible at once',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue)
      await change(sqs, queue, message!.ReceiptHandle, 0)
      expect(await peek(sqs, queue)).toHaveLength(1)
    },
  ],
  [
    'ChangeMessageVisibility extends the timeout from now',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue, { VisibilityTimeout: 1 })
      await change(sqs, queue, message!.ReceiptHandle, 60)
      expect(await receive(sqs, queue, { WaitTimeSeconds: 2 })).toEqual([])
    },
  ],
  [
    'ChangeMessageVisibility beyond twelve hours in all is InvalidParameterValue',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue)
      const changing = change(sqs, queue, message!.ReceiptHandle, TWELVE_HOURS_S + 1)
      expect(await errorOf(changing)).toBe('InvalidParameterValue')
      // The receive was a moment ago, so twelve hours from now are too many.
      expect(await errorOf(change(sqs, queue, message!.ReceiptHandle, TWELVE_HOURS_S))).toBe('InvalidParameterValue')
    },
  ],
  [
    'ChangeMessageVisibility of a deleted message is InvalidParameterValue',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue)
      await remove(sqs, queue, message!)
      expect(await errorOf(change(sqs, queue, message!.ReceiptHandle, 10))).toBe('InvalidParameterValue')
    },
  ],
  [
    'ChangeMessageVisibility under an older receipt handle is MessageNotInflight',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue, { VisibilityTimeout: 0 })
      await receive(sqs, queue)
      expect(await errorOf(change(sqs, queue, message!.ReceiptHandle, 10))).toBe('MessageNotInflight')
    },
  ],
  [
    'DeleteMessage deletes for good, and succeeds when it is repeated',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue, { VisibilityTimeout: 1 })
      await remove(sqs, queue, message!)
      await remove(sqs, queue, message!)
      expect(await receive(sqs, queue, { WaitTimeSeconds: 2 })).toEqual([])
    },
  ],
  [
    'DeleteMessage with a receipt handle of no queue, or of another one, is ReceiptHandleIsInvalid',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const other = await sqs.queue()
      const [message] = await receive(sqs, queue)
      for (const ReceiptHandle of ['garbage', message!.ReceiptHandle]) {
        const deleting = sqs.client.send(new DeleteMessageCommand({ QueueUrl: other.url, ReceiptHandle }))
        expect(await errorOf(deleting)).toBe('ReceiptHandleIsInvalid')
      }
    },
  ],
  [
    'DeleteMessageBatch reports each entry, failed ones with code and fault',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue)
      const answer = await deleteBatch(sqs, queue, [
        { Id: 'good', ReceiptHandle: message!.ReceiptHandle! },
        { Id: 'bad', ReceiptHandle: 'garbage' },
      ])
      expect(answer.Successful).toEqual([{ Id: 'good' }])
      expect(answer.Failed).toMatchObject([{ Id: 'bad', Code: 'ReceiptHandleIsInvalid', SenderFault: true }])
    },
  ],
  ...(
    [
      ['no entries', 0, 'EmptyBatchRequest', (at: number) => `id${at}`],
      ['an id twice', 2, 'BatchEntryIdsNotDistinct', () => 'same'],
      ['an id with other characters', 1, 'InvalidBatchEntryId', () => 'not an id'],
      ['more entries than it takes', 101, 'TooManyEntriesInBatchRequest', (at: number) => `id${at}`],
    ] as const
  ).map(
    ([title, count, code, id]): Case => [
      `a batch with ${title} is ${code}`,
      async sqs => {
        const entries = Array.from({ length: count }, (_, at) => ({ Id: id(at), ReceiptHandle: 'garbage' }))
        expect(await errorOf(deleteBatch(sqs, await sqs.queue(), entries))).toBe(code)
      },
    ],
  ),
  [
    'ChangeMessageVisibilityBatch takes a timeout for each entry',
    async sqs => {
      const { queue } = await filled(sqs, 3)
      const messages = await receive(sqs, queue, { MaxNumberOfMessages: 3 })
      const [one, two, three] = messages.map(({ ReceiptHandle }) => ReceiptHandle!)
      const Entries = [
        { Id: 'one', ReceiptHandle: one!, VisibilityTimeout: 0 },
        { Id: 'two', ReceiptHandle: two!, VisibilityTimeout: 60 },
        { Id: 'three', ReceiptHandle: three!, VisibilityTimeout: -1 },
      ]
      const answer = await sqs.client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries }))
      expect(answer.Successful).toEqual([{ Id: 'one' }, { Id: 'two' }])
      expect(answer.Failed).toMatchObject([{ Id: 'three', Code: 'InvalidParameterValue' }])
      expect((await peek(sqs, queue, { MaxNumberOfMessages: 3 })).map(numberOf)).toEqual([1])
    },
  ],
]

export const FIFO_CASES: Case[] = [
  [
    'a FIFO queue returns nothing more of a group with a message in flight, and other groups',
    async sqs => {
      const { queue } = await filled(sqs, 4, { ...FIFO, name: 'blocked.fifo' }, ['a', 'b'])
      expect((await receive(sqs, queue)).map(numberOf)).toEqual([1])
      expect((await receive(sqs, queue, { MaxNumberOfMessages: 10 })).map(numberOf)).toEqual([2, 4])
      expect(await peek(sqs, queue, { MaxNumberOfMessages: 10 })).toEqual([])
    },
  ],
  [
    'a FIFO queue returns several of a group in one receive, in their order, with ascending SequenceNumber',
    async sqs => {
      const { queue } = await filled(sqs, 3, { ...FIFO, name: 'several.fifo' }, ['a'])
      const messages = await receive(sqs, queue, { MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] })
      expect(messages.map(numberOf)).toEqual([1, 2, 3])
      const numbers = messages.map(({ Attributes }) => Number(Attributes!.SequenceNumber))
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      expect(messages[0]!.Attributes).toMatchObject({
        MessageGroupId: 'a',
        MessageDeduplicationId: messages[0]!.MessageId,
      })
    },
  ],
  [
    'after a timeout a FIFO queue returns the group in its order again',
    async sqs => {
      const { queue } = await filled(sqs, 3, { ...FIFO, name: 'timeout.fifo' }, ['a'])
      await receive(sqs, queue, { MaxNumberOfMessages: 2, VisibilityTimeout: 1 })
      expect((await take(sqs, queue, 3)).map(numberOf)).toEqual([1, 2, 3])
    },
  ],
  [
    'a message of a FIFO group that is given back is returned before those behind it',
    async sqs => {
      const { queue } = await filled(sqs, 2, { ...FIFO, name: 'back.fifo' }, ['a'])
      const [message] = await receive(sqs, queue)
      await change(sqs, queue, message!.ReceiptHandle, 0)
      expect((await take(sqs, queue, 2)).map(numberOf)).toEqual([1, 2])
    },
  ],
]
