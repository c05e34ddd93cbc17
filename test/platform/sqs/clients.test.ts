/** Clients of SQS, unchanged, at queues of Clarion. */
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { Consumer } from 'sqs-consumer'
import { sharedPlatform, type TestPlatform } from '../../support/platform.ts'
import { clientOf, credentialsOf, openSqsQueues, type SqsQueues } from './sqs-queues.ts'

let platform: TestPlatform
let queues: SqsQueues
beforeAll(async () => {
  platform = await sharedPlatform()
  queues = await openSqsQueues(platform)
}, 120_000)

const nameOfError = (calling: Promise<unknown>): Promise<unknown> =>
  calling.then(
    () => 'no error',
    error => error.name,
  )

async function keyWith(scopes: string[], environment = 'live'): Promise<{ id: string; client: SQSClient }> {
  const made = await queues.organization.call<{ key: { id: string } }>('POST', '/api/v1/keys', {
    ...{ name: 'sqs', environment, scopes },
  })
  const { id } = made.data.key
  return { id, client: clientOf(await credentialsOf(queues.organization, id)) }
}

describe('clients of SQS', () => {
  it('find a queue by its name, receive with checksums that they verify, and delete', async () => {
    const { name, url } = await queues.queue()
    const id = await queues.emit(1)
    const { QueueUrl } = await queues.client.send(new GetQueueUrlCommand({ QueueName: name }))
    expect(QueueUrl).toBe(url)
    const { Messages = [] } = await queues.client.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ['All'] }),
    )
    const [message] = Messages
    expect(JSON.parse(message!.Body!)).toMatchObject({ id, type: 'platformxe.generic', data: { data: { n: 1 } } })
    await queues.client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message!.ReceiptHandle }))
    expect((await queues.client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined()
  })

  it('such as sqs-consumer, handle messages, extend them while they do, and let failed ones come again', async () => {
    const { url } = await queues.queue()
    for (let n = 1; n <= 4; n++) await queues.emit(n)
    const handled: Array<[number, number]> = []
    const failed: string[] = []
    let done: () => void
    const all = new Promise<void>(resolve => {
      done = resolve
    })
    const consumer = Consumer.create({
      ...{ queueUrl: url, sqs: queues.client, batchSize: 4, waitTimeSeconds: 5, terminateVisibilityTimeout: true },
      ...{ visibilityTimeout: 10, heartbeatInterval: 5, messageSystemAttributeNames: ['ApproximateReceiveCount'] },
      handleMessage: async ({ Body, Attributes }) => {
        const { n } = JSON.parse(Body!).data.data
        const count = Number(Attributes!.ApproximateReceiveCount)
        if (n === 2 && count === 1) throw new Error('not yet')
        handled.push([n, count])
        if (handled.length === 4) setImmediate(done)
        return undefined
      },
    })
    consumer.on('error', error => failed.push(String(error)))
    consumer.start()
    await all
    await new Promise<void>(resolve => {
      consumer.on('stopped', () => resolve())
      consumer.stop()
    })
    expect(handled.toSorted(([a], [b]) => a - b)).toEqual([
      [1, 1],
      [2, 2],
      [3, 1],
      [4, 1],
    ])
    expect(failed).toEqual([])
  })
})

describe('a request for SQS', () => {
  it('that is not signed, not by a known key or not by its secret is refused', async () => {
    const { url } = await queues.queue()
    const receive = (client: SQSClient) => nameOfError(client.send(new ReceiveMessageCommand({ QueueUrl: url })))
    const { credentials } = queues
    const forged = { ...credentials, secretAccessKey: `${credentials.secretAccessKey.slice(1)}x` }
    expect(await receive(clientOf(forged))).toBe('SignatureDoesNotMatch')
    expect(await receive(clientOf({ ...credentials, accessKeyId: 'key_none' }))).toBe('InvalidClientTokenId')
    const unsigned = await fetch(`${platform.base}/sqs`, {
      ...{ method: 'POST', body: '{}' },
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ListQueues' },
    })
    expect([unsigned.status, unsigned.headers.get('x-amzn-query-error'), await unsigned.json()]).toEqual([
      ...[403, 'MissingAuthenticationToken;Sender'],
      { __type: 'com.amazon.coral.service#MissingAuthenticationToken', message: expect.any(String) },
    ])
    const key = await keyWith(['queues:receive'])
    expect(await receive(key.client)).toBe('no error')
    await queues.organization.call('DELETE', `/api/v1/keys/${key.id}`)
    expect(await receive(key.client)).toBe('InvalidClientTokenId')
  })

  it('does what its key may: no purge without the scope, no payload, no queue of others', async () => {
    const { url } = await queues.queue()
    const other = await openSqsQueues(platform)
    await queues.emit(1)
    const { client } = await keyWith(['queues:receive'])
    expect(await nameOfError(client.send(new PurgeQueueCommand({ QueueUrl: url })))).toBe('AccessDeniedException')
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }))
    expect(JSON.parse(Messages![0]!.Body!)).toMatchObject({ withheld: true })
    const receive = new ReceiveMessageCommand({ QueueUrl: url })
    expect(await nameOfError(other.client.send(receive))).toBe('QueueDoesNotExist')
    const { client: test } = await keyWith(['queues:receive'], 'test')
    expect(await nameOfError(test.send(receive))).toBe('QueueDoesNotExist')
  })

  it('by the query protocol of older SDKs is told to update, in XML', async () => {
    const answer = await fetch(`${platform.base}/sqs`, {
      ...{ method: 'POST', body: 'Action=ListQueues&Version=2012-11-05' },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('update the AWS SDK')])
  })
})

it('credentials of a key need what the key may do with queues', async () => {
  const made = await queues.organization.call<{ key: { id: string }; apiKey: string }>('POST', '/api/v1/keys', {
    ...{ name: 'keys', environment: 'live', scopes: ['keys:manage'] },
  })
  const { id } = (await queues.organization.call<{ key: { id: string } }>('GET', '/api/v1/whoami')).data.key
  const path = (keyId: string) => `/api/v1/keys/${keyId}/aws-credentials`
  const refused = await platform.call(made.data.apiKey, 'POST', path(id))
  expect([refused.status, refused.code]).toEqual([403, 'insufficient_scope'])
  const own = await platform.call(made.data.apiKey, 'POST', path(made.data.key.id))
  expect([own.status, own.data]).toMatchObject([200, { accessKeyId: made.data.key.id, region: 'clarion' }])
  expect((await queues.organization.call('POST', path('key_none'))).status).toBe(404)
})
