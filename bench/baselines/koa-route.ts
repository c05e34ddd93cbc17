/** The baseline of an emit, a program of its own: a Koa route that writes the body to a topic with acks=all and answers. No key, no judge. */
import type { AddressInfo } from 'node:net'
import { default as kafkajs } from 'kafkajs'
import Koa from 'koa'
import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import { createClient } from '../../test/support/kafkajs-client.ts'

export interface KoaRouteSettings {
  kafka: KafkaSettings
  topic: string
}

/** Sent to the parent when it listens. */
export interface KoaRouteMessage {
  port: number
}

process.once('disconnect', () => process.exit(0))
process.once('message', settings => void run(settings as KoaRouteSettings))

async function run({ kafka, topic }: KoaRouteSettings): Promise<void> {
  const producer = createClient(kafka).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  const app = new Koa()
  app.use(async context => {
    const chunks: Buffer[] = []
    for await (const chunk of context.req) chunks.push(chunk as Buffer)
    const [written] = await producer.send({
      topic,
      acks: -1,
      messages: [{ partition: 0, key: null, value: Buffer.concat(chunks) }],
    })
    context.status = 202
    context.body = { success: true, data: { offset: written!.baseOffset } }
  })
  const server = app.listen(0, '127.0.0.1', () => {
    process.send!({ port: (server.address() as AddressInfo).port } satisfies KoaRouteMessage)
  })
}
