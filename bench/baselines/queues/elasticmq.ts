/** ElasticMQ, in memory, by the JSON protocol of SQS. Nothing in it is durable. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { chooseFreePorts } from '../../../src/embedded/free-ports.ts'
import { fetchedJars } from '../../fetched-jars.ts'
import { BODY, launch, type OtherQueue, untilItAnswers } from './baseline.ts'

const POM = fileURLToPath(new URL('../../elasticmq/pom.xml', import.meta.url))
const BATCH = 10
const CONNECTIONS = 64

export const elasticMq: OtherQueue = {
  name: 'ElasticMQ, in memory',
  takesMany: true,
  async open(testbed, queues) {
    const directory = await fetchedJars('elasticmq', POM)
    const [port] = (await chooseFreePorts(1)) as [number]
    const settings = join(testbed.dataDir, `elasticmq-${port}.conf`)
    writeFileSync(settings, settingsOf(port))
    const server = launch('java', [
      ...['-Xmx1g', `-Dconfig.file=${settings}`, '-cp', `${directory}/*`, 'org.elasticmq.server.Main'],
    ])
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS })

    async function call<T>(operation: string, body: object): Promise<T> {
      const answer = await pool.request({
        ...{ method: 'POST', path: '/', body: JSON.stringify(body) },
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
      })
      const text = await answer.body.text()
      if (answer.statusCode !== 200)
        throw new Error(`${operation} was answered ${answer.statusCode}: ${text.slice(0, 200)}`)
      return (text === '' ? {} : JSON.parse(text)) as T
    }

    await untilItAnswers(testbed.clock, () => call('ListQueues', {}))
    const urls: string[] = []
    for (let queue = 0; queue < queues; queue++) {
      const attributes = { VisibilityTimeout: '600' }
      const made = await call<{ QueueUrl: string }>('CreateQueue', { QueueName: `q${queue}`, Attributes: attributes })
      urls.push(made.QueueUrl)
    }
    return {
      async fill(perQueue) {
        const entries = Array.from({ length: BATCH }, (_, at) => ({ Id: `m${at}`, MessageBody: BODY }))
        for (let sent = 0; sent < perQueue; sent += BATCH)
          await Promise.all(urls.map(QueueUrl => call('SendMessageBatch', { QueueUrl, Entries: entries })))
      },
      async cycle(queue, max) {
        const QueueUrl = urls[queue]!
        const { Messages = [] } = await call<{ Messages?: Array<{ ReceiptHandle: string }> }>('ReceiveMessage', {
          ...{ QueueUrl, MaxNumberOfMessages: max },
        })
        const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: `m${at}`, ReceiptHandle }))
        if (Entries.length > 0) await call('DeleteMessageBatch', { QueueUrl, Entries })
        return Entries.length
      },
      async close() {
        await pool.close()
        await server.end()
      },
    }
  },
}

const settingsOf = (port: number): string =>
  [
    'include classpath("application.conf")',
    `node-address { protocol = "http", host = "127.0.0.1", port = ${port}, context-path = "" }`,
    `rest-sqs { enabled = true, bind-port = ${port}, bind-hostname = "127.0.0.1", sqs-limits = strict }`,
    'rest-stats { enabled = false }',
  ].join('\n')
