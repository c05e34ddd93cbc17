/** Records into a cluster outside: order, places, refusals, and clusters that do harm. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { type AddressGuardOptions, createAddressGuard } from '../../src/delivery/address-guard.ts'
import type { AttemptRequest, Sender } from '../../src/delivery/send.ts'
import type { OpenedSink } from '../../src/model/sinks.ts'
import { createSinkSender } from '../../src/sinks/sink-sender.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { patient } from '../support/patience.ts'
import { type ForeignCluster, foreignCluster, listening, relayTo } from './foreign-cluster.ts'

const LIMIT_MS = patient(60_000)
const clock = createSystemClock()
/** Nothing here goes to a webhook. */
const noWebhooks: Sender = { send: () => Promise.reject(new Error('not a record')), close: () => undefined }

let cluster: ForeignCluster
let ids = 0
beforeAll(async () => {
  cluster = await foreignCluster()
}, LIMIT_MS)

function senderOf(guard: Partial<AddressGuardOptions> = {}) {
  const made = createSinkSender(noWebhooks, {
    ...{
      guard: createAddressGuard({ allow: ['127.0.0.0/8'], allowHttp: true, ownAddresses: () => [], ...guard }),
      clock,
    },
  })
  closedInTheEnd({ close: async () => made.close() })
  return made
}

function sinkOf(topic: string, more: Partial<OpenedSink> = {}): OpenedSink {
  const { password, ...sasl } = cluster.sasl
  return {
    ...{ id: `snk_${ids++}`, type: 'kafka', bootstrapServers: cluster.servers, topic, sasl, password, tls: false },
    ...{ format: 'payload', ...more },
  }
}

const record = (sink: OpenedSink, n: number, key: string | null = null, more: Partial<AttemptRequest> = {}) => ({
  ...{ url: `kafka://${sink.topic}`, body: Buffer.from(`{"n":${n}}`), headers: { 'delivery-id': `dlv_${n}` } },
  ...{ timeoutMs: LIMIT_MS, sink: { sink, key }, ...more },
})

const numberIn = ({ value }: { value: Buffer | null }): number => JSON.parse(String(value)).n

describe('records for a sink', () => {
  it(
    'are in one partition for one key, in the order in which they were sent, with headers and places',
    async () => {
      const topic = await cluster.topic(3)
      const sink = sinkOf(topic)
      const sender = senderOf()
      const keys = ['a', 'b', 'c', 'd', 'e']
      const sent = Array.from({ length: 300 }, (_, n) => sender.send(record(sink, n, keys[n % keys.length]!)))
      const results = await Promise.all(sent)
      expect(results.map(({ errorKind, error }) => [errorKind, error])).toEqual(results.map(() => [null, null]))
      const places = results.map(({ headers }) => `${headers.partition}/${headers.offset}`)
      expect(new Set(places).size).toBe(300)
      const read = await cluster.read(topic, 300)
      for (const key of keys) {
        const ofKey = read.filter(each => String(each.key) === key).map(numberIn)
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b))
        expect(ofKey).toHaveLength(60)
      }
      const first = read.find(each => numberIn(each) === 0)!
      expect([String(first.key), String(first.headers!['delivery-id'])]).toEqual(['a', 'dlv_0'])
    },
    LIMIT_MS,
  )

  it(
    'that the topic does not take end alone, and for good',
    async () => {
      const topic = await cluster.topic(1, { 'max.message.bytes': '20000' })
      const sink = sinkOf(topic)
      const sender = senderOf()
      await sender.send(record(sink, 0))
      const large = record(sink, 1, null, { body: Buffer.from(JSON.stringify({ n: 1, text: 'x'.repeat(30_000) })) })
      const [refused, ...others] = await Promise.all([large, record(sink, 2), record(sink, 3)].map(sender.send))
      expect(refused).toMatchObject({ errorKind: 'too_large', isFinal: true, status: null })
      expect(others.map(({ errorKind }) => errorKind)).toEqual([null, null])
      expect((await cluster.read(topic, 3)).map(numberIn)).toEqual([0, 2, 3])
    },
    LIMIT_MS,
  )

  it(
    'say why they cannot be written: no such topic, no such user, nobody there',
    async () => {
      const sender = senderOf()
      const unknown = await sender.send(record(sinkOf('sink-without-a-topic'), 0))
      expect([unknown.errorKind, unknown.isFinal]).toEqual(['broker', undefined])
      expect(unknown.error).toContain('no such topic')
      const stranger = await sender.send(record(sinkOf('any', { password: 'wrong' }), 0))
      expect([stranger.errorKind, stranger.error]).toEqual(['broker', expect.stringContaining('sign-in was refused')])
      const nobody = await sender.send(record(sinkOf('any', { bootstrapServers: ['127.0.0.1:1'] }), 0))
      expect([nobody.errorKind, nobody.error]).toEqual(['connect', expect.stringContaining('ECONNREFUSED')])
    },
    LIMIT_MS,
  )

  it(
    'go on by another server of the list when one is away',
    async () => {
      const topic = await cluster.topic(1)
      const sink = sinkOf(topic, { bootstrapServers: ['127.0.0.1:1', '127.0.0.1:2', ...cluster.servers] })
      expect((await senderOf().send(record(sink, 7))).errorKind).toBeNull()
    },
    LIMIT_MS,
  )

  it(
    'go on with another password after a change of the sink',
    async () => {
      const topic = await cluster.topic(1)
      const wrong = sinkOf(topic, { password: 'wrong' })
      const sender = senderOf()
      expect((await sender.send(record(wrong, 0))).errorKind).toBe('broker')
      const right = { ...wrong, password: cluster.sasl.password }
      expect((await sender.send(record(right, 1))).errorKind).toBeNull()
      expect(sender.producers()).toBe(1)
    },
    LIMIT_MS,
  )
})

describe('a cluster outside', () => {
  it(
    'is not reached at an address that the guard refuses, in the list or named by its metadata',
    async () => {
      const listed = await senderOf({ allow: [] }).send(record(sinkOf('any'), 0))
      expect([listed.errorKind, listed.error]).toEqual([
        'blocked_address',
        expect.stringContaining('not a public address'),
      ])
      const topic = await cluster.topic(1)
      const relay = await relayTo(cluster.servers[0]!)
      const [host, port] = cluster.servers[0]!.split(':')
      const guarded = senderOf({ ownAddresses: () => [{ host: host!, port: Number(port) }] })
      const named = await guarded.send(record(sinkOf(topic, { bootstrapServers: [relay] }), 0))
      expect([named.errorKind, named.error]).toEqual(['blocked_address', expect.stringContaining(`port ${port}`)])
    },
    LIMIT_MS,
  )

  it(
    'is dialled on the ports of brokers alone, unless the operator allows its addresses',
    async () => {
      const resolve = () => Promise.resolve([{ address: '93.184.216.34', family: 4 }])
      const guard = createAddressGuard({ allow: [], allowHttp: false, ownAddresses: () => [], resolve })
      const sender = createSinkSender(noWebhooks, { guard, clock })
      closedInTheEnd({ close: async () => sender.close() })
      const away = await sender.send(record(sinkOf('any', { bootstrapServers: ['broker.test:22'] }), 0))
      expect([away.errorKind, away.error]).toEqual(['blocked_address', expect.stringContaining('port 22')])
    },
    LIMIT_MS,
  )

  it(
    'that never answers costs a record its time limit, and other sinks nothing',
    async () => {
      const silent = await listening(() => undefined)
      const topic = await cluster.topic(1)
      const sender = senderOf()
      const stuck = sinkOf('any', { bootstrapServers: [silent] })
      const held = sender.send(record(stuck, 0, null, { timeoutMs: 500 }))
      const beside = await sender.send(record(sinkOf(topic), 1))
      const result = await held
      expect(beside.errorKind).toBeNull()
      expect([result.errorKind, result.error]).toEqual(['timeout', expect.stringContaining('500 ms')])
    },
    LIMIT_MS,
  )

  it(
    'that speaks no TLS where it is wanted, or TLS where it is not, is left with a word about it',
    async () => {
      const plain = sinkOf('any', { bootstrapServers: cluster.servers, tls: true })
      const spoken = await senderOf().send(record(plain, 0))
      expect([spoken.errorKind, spoken.error]).toEqual(['tls', expect.stringContaining('TLS handshake failed')])
      const alert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46])
      const encrypted = await listening(socket => socket.once('data', () => socket.end(alert)))
      const refused = await senderOf().send(record(sinkOf('any', { bootstrapServers: [encrypted] }), 0))
      expect([refused.errorKind, refused.error]).toEqual(['protocol', expect.stringContaining('announces an answer')])
    },
    LIMIT_MS,
  )

  it(
    'that closes each connection costs an attempt, and the next one goes on',
    async () => {
      const topic = await cluster.topic(1)
      const closing = await listening(socket => socket.once('data', () => socket.destroy()))
      const sender = senderOf()
      const sink = sinkOf(topic, { bootstrapServers: [closing] })
      expect((await sender.send(record(sink, 0))).errorKind).toBe('connect')
      expect((await sender.send(record({ ...sink, bootstrapServers: cluster.servers }, 1))).errorKind).toBeNull()
    },
    LIMIT_MS,
  )

  it(
    'that announces a huge answer is left before any of it is kept',
    async () => {
      const huge = await listening(socket =>
        socket.on('data', () => socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]))),
      )
      const result = await senderOf().send(record(sinkOf('any', { bootstrapServers: [huge] }), 0))
      expect([result.errorKind, result.error]).toEqual(['protocol', expect.stringContaining('2147483647 bytes')])
    },
    LIMIT_MS,
  )
})
