/** Queues themselves: names, lists, attributes, purges, dead letters. */
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { expect } from '@jest/globals'
import { type Case, errorOf, filled, peek, receive, remove } from './cases.ts'
import type { SqsQueues } from './sqs-queues.ts'

const attributes = async ({ client }: SqsQueues, url: string, names: string[]) =>
  (await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names as QueueAttributeName[] })))
    .Attributes

/** A queue whose dead letters go to another one, with one that is there. */
async function withDeadLetter(sqs: SqsQueues) {
  const dead = await sqs.queue({ selectors: ['never.happens'] })
  const { queue, ids } = await filled(sqs, 1, { maxReceives: 1, deadLetterQueueId: dead.id })
  await receive(sqs, queue, { VisibilityTimeout: 0 })
  expect(await peek(sqs, queue)).toEqual([])
  return { dead, queue, ids }
}

export const QUEUE_CASES: Case[] = [
  [
    'GetQueueUrl returns the URL of an existing queue',
    async sqs => {
      const { name, url } = await sqs.queue()
      expect((await sqs.client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl).toBe(url)
    },
  ],
  [
    'GetQueueUrl of a queue that does not exist is QueueDoesNotExist',
    async ({ client }) =>
      expect(await errorOf(client.send(new GetQueueUrlCommand({ QueueName: 'none' })))).toBe('QueueDoesNotExist'),
  ],
  [
    'GetQueueUrl in the account of another owner is QueueDoesNotExist',
    async sqs => {
      const { name } = await sqs.queue()
      const order = { QueueName: name, QueueOwnerAWSAccountId: 'org_other' }
      expect(await errorOf(sqs.client.send(new GetQueueUrlCommand(order)))).toBe('QueueDoesNotExist')
    },
  ],
  [
    'ListQueues lists queues whose names begin with the prefix, and nothing for none',
    async sqs => {
      const { url } = await sqs.queue({ name: 'listed-one' })
      const list = (QueueNamePrefix: string) => sqs.client.send(new ListQueuesCommand({ QueueNamePrefix }))
      expect((await list('listed')).QueueUrls).toEqual([url])
      expect((await list('none')).QueueUrls).toBeUndefined()
    },
  ],
  [
    'ListQueues with MaxResults returns a NextToken that goes on',
    async sqs => {
      const urls = [await sqs.queue({ name: 'paged-a' }), await sqs.queue({ name: 'paged-b' })].map(({ url }) => url)
      const list = (more: object) =>
        sqs.client.send(new ListQueuesCommand({ QueueNamePrefix: 'paged', MaxResults: 1, ...more }))
      const first = await list({})
      const second = await list({ NextToken: first.NextToken })
      expect([first.QueueUrls, second.QueueUrls, second.NextToken]).toEqual([[urls[0]], [urls[1]], undefined])
      expect(await errorOf(list({ NextToken: '%%' }))).toBe('InvalidParameterValue')
    },
  ],
  [
    'GetQueueAttributes returns all attributes for All',
    async sqs => {
      const { url, arn } = await sqs.queue({ visibilityTimeoutSeconds: 45, retentionHours: 2 })
      expect(await attributes(sqs, url, ['All'])).toMatchObject({
        ...{ QueueArn: arn, VisibilityTimeout: '45', MessageRetentionPeriod: '7200', DelaySeconds: '0' },
        ...{ CreatedTimestamp: expect.stringMatching(/^\d{10}$/), ApproximateNumberOfMessages: '0' },
      })
    },
  ],
  [
    'GetQueueAttributes without names returns none',
    async sqs => expect(await attributes(sqs, (await sqs.queue()).url, [])).toBeUndefined(),
  ],
  [
    'GetQueueAttributes of an unknown name is InvalidAttributeName',
    async sqs =>
      expect(await errorOf(attributes(sqs, (await sqs.queue()).url, ['Colour']))).toBe('InvalidAttributeName'),
  ],
  [
    'ApproximateNumberOfMessages counts what is visible, …NotVisible what is in flight',
    async sqs => {
      const { queue } = await filled(sqs, 3)
      await receive(sqs, queue)
      expect(
        await attributes(sqs, queue.url, ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']),
      ).toEqual({
        ...{ ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesNotVisible: '1' },
      })
    },
  ],
  [
    'RedrivePolicy is JSON with the ARN of the dead-letter queue and maxReceiveCount',
    async sqs => {
      const dead = await sqs.queue()
      const { url } = await sqs.queue({ deadLetterQueueId: dead.id, maxReceives: 3 })
      const found = await attributes(sqs, url, ['RedrivePolicy'])
      expect(JSON.parse(found!.RedrivePolicy!)).toEqual({ deadLetterTargetArn: dead.arn, maxReceiveCount: 3 })
    },
  ],
  [
    'FifoQueue is an attribute of FIFO queues alone',
    async sqs => {
      const fifo = await sqs.queue({ name: 'attributes.fifo', ordered: true })
      expect(await attributes(sqs, fifo.url, ['FifoQueue'])).toEqual({ FifoQueue: 'true' })
      expect(await attributes(sqs, (await sqs.queue()).url, ['FifoQueue'])).toBeUndefined()
    },
  ],
  [
    'PurgeQueue deletes what is visible and what is in flight',
    async sqs => {
      const { queue } = await filled(sqs, 2)
      await receive(sqs, queue, { VisibilityTimeout: 0 })
      await sqs.client.send(new PurgeQueueCommand({ QueueUrl: queue.url }))
      expect(await peek(sqs, queue)).toEqual([])
    },
  ],
  [
    'ListQueueTags of a queue without tags has none',
    async sqs => {
      const answer = await sqs.client.send(new ListQueueTagsCommand({ QueueUrl: (await sqs.queue()).url }))
      expect(answer.Tags).toBeUndefined()
    },
  ],
  [
    'a message that was received maxReceiveCount times goes to the dead-letter queue, with its source and its own time',
    async sqs => {
      const { dead, queue, ids } = await withDeadLetter(sqs)
      const before = Date.now()
      const [message] = await receive(sqs, dead, { MessageSystemAttributeNames: ['All'] })
      expect(message).toMatchObject({
        MessageId: ids[0],
        Attributes: { DeadLetterQueueSourceArn: queue.arn, ApproximateReceiveCount: '1' },
      })
      expect(Number(message!.Attributes!.SentTimestamp)).toBeLessThan(before)
    },
  ],
  [
    'ListDeadLetterSourceQueues lists the queues whose dead letters it takes',
    async sqs => {
      const { dead, queue } = await withDeadLetter(sqs)
      const answer = await sqs.client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.url }))
      expect(answer.queueUrls).toEqual([queue.url])
    },
  ],
  [
    'StartMessageMoveTask moves dead letters back to their sources, and ListMessageMoveTasks tells of it',
    async sqs => {
      const { dead, queue, ids } = await withDeadLetter(sqs)
      const task = await sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }))
      expect(task.TaskHandle).toEqual(expect.any(String))
      const [message] = await receive(sqs, queue, { MessageSystemAttributeNames: ['ApproximateReceiveCount'] })
      expect(message).toMatchObject({ MessageId: ids[0], Attributes: { ApproximateReceiveCount: '1' } })
      const { Results } = await sqs.client.send(new ListMessageMoveTasksCommand({ SourceArn: dead.arn }))
      expect(Results).toMatchObject([{ Status: 'COMPLETED', SourceArn: dead.arn, ApproximateNumberOfMessagesMoved: 1 }])
    },
  ],
  [
    'StartMessageMoveTask to a destination moves them there',
    async sqs => {
      const { dead, ids } = await withDeadLetter(sqs)
      const other = await sqs.queue({ selectors: ['never.happens'] })
      await sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn, DestinationArn: other.arn }))
      const [message] = await receive(sqs, other)
      expect(message!.MessageId).toBe(ids[0])
      await remove(sqs, other, message!)
    },
  ],
  [
    'a move task of an ARN that does not exist is ResourceNotFoundException',
    async ({ client }) => {
      const SourceArn = 'arn:aws:sqs:clarion:org_none:none'
      expect(await errorOf(client.send(new StartMessageMoveTaskCommand({ SourceArn })))).toBe(
        'ResourceNotFoundException',
      )
    },
  ],
  [
    'an operation that is not there is UnsupportedOperation, and says what is instead',
    async sqs => {
      const { url } = await sqs.queue()
      const sending = sqs.client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' }))
      await expect(sending).rejects.toMatchObject({
        ...{ name: 'UnsupportedOperation', message: expect.stringContaining('/api/v1/events/custom/emit') },
      })
    },
  ],
]
