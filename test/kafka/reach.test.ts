import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from '@jest/globals'
import { isCutOff } from '../../src/kafka/protocol/reach.ts'
import { KafkaError, openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'

it('a start is repeated when its connections break or the broker is slow, and not after it has refused something', async () => {
  const server = createServer(socket => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const kafka = { brokers: [`127.0.0.1:${(server.address() as { port: number }).port}`], clientId: 'test' }
  const failure = await openWire(kafka, createLogger('silent')).catch(error => error)
  server.close()
  const slow = ['REQUEST_TIMEOUT', 'REQUEST_TIMED_OUT', 'LEADER_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS']
  expect([failure, ...slow.map(type => new KafkaError(type, 'late'))].filter(each => !isCutOff(each))).toEqual([])
  expect(
    [new KafkaError('TOPIC_AUTHORIZATION_FAILED', 'no'), new Error('a topic is not compacted')].map(isCutOff),
  ).toEqual([false, false])
}, 30_000)
