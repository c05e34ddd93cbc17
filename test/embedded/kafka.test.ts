import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, it } from '@jest/globals'
import { Kafka, logLevel } from 'kafkajs'
import { testBroker } from '../support/kafka.ts'

const connect = (brokers: string[], username: string, password: string) =>
  new Kafka({
    brokers,
    sasl: { mechanism: 'scram-sha-512', username, password },
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  })

describe('the embedded broker', () => {
  const open: Array<() => Promise<void>> = []
  afterAll(async () => {
    for (const close of open) await close()
  })

  it('serves the platform on both listeners with the generated password', async () => {
    const broker = await testBroker()
    for (const brokers of [broker.brokers, broker.clientBrokers]) {
      const admin = connect(brokers, broker.username, broker.password).admin()
      open.push(() => admin.disconnect())
      await admin.connect()
      const cluster = await admin.describeCluster()
      expect(cluster.brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(brokers)
    }
  })

  it('refuses a wrong password and a connection without one', async () => {
    const broker = await testBroker()
    const wrong = connect(broker.brokers, broker.username, 'wrong').admin()
    open.push(() => wrong.disconnect())
    await expect(wrong.connect()).rejects.toThrow(/auth/i)
    const none = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin()
    open.push(() => none.disconnect())
    await expect(none.connect().then(() => none.listTopics())).rejects.toThrow()
  })

  it('makes no topic by itself', async () => {
    const broker = await testBroker()
    const producer = connect(broker.brokers, broker.username, broker.password).producer()
    open.push(() => producer.disconnect())
    await producer.connect()
    await expect(producer.send({ topic: randomUUID(), messages: [{ value: 'x' }] })).rejects.toThrow(/does not host/)
  })
})
