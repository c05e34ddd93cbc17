/** Receiving: bounds, waiting, attributes and checksums. */
import { createHash } from 'node:crypto'
import type { MessageSystemAttributeName } from '@aws-sdk/client-sqs'
import { expect } from '@jest/globals'
import { type Case, errorOf, filled, numberOf, peek, receive } from './cases.ts'

/** A text as checksums of attributes have it. */
function sized(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(text))
  return Buffer.concat([length, Buffer.from(text)])
}

export const RECEIVE_CASES: Case[] = [
  [
    'ReceiveMessage of an empty queue has no Messages',
    async sqs => expect(await peek(sqs, await sqs.queue())).toEqual([]),
  ],
  [
    'ReceiveMessage returns MessageId, ReceiptHandle, Body and MD5OfBody',
    async sqs => {
      const { queue, ids } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue)
      const digest = createHash('md5').update(message!.Body!).digest('hex')
      expect(message).toMatchObject({ MessageId: ids[0], ReceiptHandle: expect.any(String), MD5OfBody: digest })
    },
  ],
  [
    'Body is the payload alone of a queue that says so',
    async sqs => {
      const queue = await sqs.queue({ sqsBody: 'payload' })
      const id = await sqs.emit(1)
      const [message] = await receive(sqs, queue)
      const digest = createHash('md5').update(message!.Body!).digest('hex')
      expect(message).toMatchObject({ MessageId: id, MD5OfBody: digest })
      expect(JSON.parse(message!.Body!)).toEqual({ kind: expect.any(String), data: { n: 1 } })
    },
  ],
  [
    'MaxNumberOfMessages is 1 by default, and bounds what is returned',
    async sqs => {
      const { queue } = await filled(sqs, 4)
      expect((await receive(sqs, queue)).map(numberOf)).toEqual([1])
      expect((await receive(sqs, queue, { MaxNumberOfMessages: 2 })).map(numberOf)).toEqual([2, 3])
    },
  ],
  ...[
    ['MaxNumberOfMessages', 0],
    ['MaxNumberOfMessages', 101],
    ['WaitTimeSeconds', 21],
    ['VisibilityTimeout', 43_201],
  ].map(
    ([name, value]): Case => [
      `${name} of ${value} is InvalidParameterValue`,
      async sqs =>
        expect(await errorOf(peek(sqs, await sqs.queue(), { [name!]: value }))).toBe('InvalidParameterValue'),
    ],
  ),
  [
    'WaitTimeSeconds returns as soon as a message arrives (long poll)',
    async sqs => {
      const queue = await sqs.queue()
      const waiting = receive(sqs, queue)
      await sqs.emit(7)
      expect((await waiting).map(numberOf)).toEqual([7])
    },
  ],
  [
    'attributes are absent unless they are asked for',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue)
      expect([message!.Attributes, message!.MessageAttributes, message!.MD5OfMessageAttributes]).toEqual([
        ...[undefined, undefined, undefined],
      ])
    },
  ],
  [
    'MessageSystemAttributeNames All returns counts and times',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue, { MessageSystemAttributeNames: ['All'] })
      expect(message!.Attributes).toMatchObject({
        ...{ ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d{13}$/) },
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      })
      expect(message!.Attributes).not.toHaveProperty('SequenceNumber')
    },
  ],
  [
    'AttributeNames, which is deprecated, still returns system attributes',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue, { AttributeNames: ['ApproximateReceiveCount' as never] })
      expect(message!.Attributes).toEqual({ ApproximateReceiveCount: '1' })
    },
  ],
  [
    'an unknown system attribute is InvalidAttributeName',
    async sqs => {
      const names = ['Colour' as MessageSystemAttributeName]
      expect(await errorOf(peek(sqs, await sqs.queue(), { MessageSystemAttributeNames: names }))).toBe(
        'InvalidAttributeName',
      )
    },
  ],
  [
    'MessageAttributeNames All returns message attributes, with MD5OfMessageAttributes over them',
    async sqs => {
      const { queue } = await filled(sqs, 1, {}, ['order-1'])
      const [message] = await receive(sqs, queue, { MessageAttributeNames: ['All'] })
      const { MessageAttributes = {} } = message!
      expect(MessageAttributes).toMatchObject({
        subject: { DataType: 'String', StringValue: 'order-1' },
        environment: {},
      })
      const digest = createHash('md5')
      for (const name of Object.keys(MessageAttributes).sort())
        digest.update(
          Buffer.concat([sized(name), sized('String'), Buffer.of(1), sized(MessageAttributes[name]!.StringValue!)]),
        )
      expect(message!.MD5OfMessageAttributes).toBe(digest.digest('hex'))
    },
  ],
  [
    'MessageAttributeNames takes names and prefixes with .*',
    async sqs => {
      const { queue } = await filled(sqs, 1)
      const [message] = await receive(sqs, queue, { MessageAttributeNames: ['type', 'canon.*', 'none'] })
      expect(Object.keys(message!.MessageAttributes!).sort()).toEqual(['canonicalName', 'type'])
    },
  ],
]
