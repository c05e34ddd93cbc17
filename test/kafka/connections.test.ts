/** Connections to the real broker when it does not answer, refuses the login, or is another server. */
import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { compactArray, flat, int16, int32, NO_TAGS } from '../../src/kafka/protocol/flexible.ts'
import { metadataRequest } from '../../src/kafka/protocol/metadata-requests.ts'
import { type KafkaSettings, openWire, type SocketFactory, type Wire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'
import { selfSigned } from '../support/self-signed.ts'

const logger = createLogger('silent')
let runtime: TestRuntime
const open: Array<{ close(): unknown }> = []
beforeAll(async () => {
  runtime = await testRuntime()
})
afterAll(async () => {
  for (const each of open) await each.close()
  await runtime.close()
})

async function wireTo(settings: KafkaSettings): Promise<Wire> {
  const wire = await openWire(settings, logger)
  open.push(wire)
  return wire
}

/**
 * Real connections to the broker that can be made to swallow all answers, as a frozen broker does. `opened`: the number
 * of connections.
 */
function pausable() {
  let isFrozen = false
  let opened = 0
  const sockets = new Set<Socket>()
  const factory: SocketFactory = ({ host, port, onConnect }) => {
    opened++
    const socket = dial({ host, port }, onConnect).setNoDelay(true)
    const { emit } = socket
    socket.emit = (event: string | symbol, ...rest: unknown[]) =>
      (event === 'data' && isFrozen) || Reflect.apply(emit, socket, [event, ...rest])
    sockets.add(socket)
    return socket
  }
  return {
    factory,
    opened: () => opened,
    freeze(frozen: boolean) {
      isFrozen = frozen
    },
    breakAll() {
      for (const socket of sockets) socket.destroy(new Error('cut'))
      sockets.clear()
    },
  }
}

const brokers = { ...metadataRequest([]), timeoutMs: 50 }

describe('a request', () => {
  it('that is overdue destroys its connection and makes the broker suspect; the next one has a new connection', async () => {
    const sockets = pausable()
    const seen: unknown[] = []
    const observer = {
      late: (broker: number, api: string) => void seen.push(`${broker} ${api}`),
      reachable: (broker: number, isReachable: boolean) => void seen.push([broker, isReachable]),
    }
    const wire = await wireTo({ ...runtime.kafka, socketFactory: sockets.factory, observer })
    const node = (await wire.send(await anyNode(wire), metadataRequest([]))).brokers[0]!.nodeId
    const before = sockets.opened()
    sockets.freeze(true)
    const behind = wire.send(node, metadataRequest([])).catch(error => error)
    await expect(wire.send(node, brokers)).rejects.toMatchObject({ type: 'REQUEST_TIMEOUT' })
    expect(await behind).toMatchObject({ type: 'CONNECTION' })
    expect(wire.cluster.isSuspect(node)).toBe(true)
    sockets.freeze(false)
    expect((await wire.send(node, metadataRequest([]))).brokers).toHaveLength(1)
    expect(sockets.opened()).toBe(before + 1)
    expect(seen).toEqual([[node, true], [node, true], `${node} Metadata`, [node, false], [node, true]]) // biome-ignore format: one thought
  })

  it('of another lane does not wait', async () => {
    const sockets = pausable()
    const wire = await wireTo({ ...runtime.kafka, socketFactory: sockets.factory })
    const node = await anyNode(wire)
    await wire.send(node, metadataRequest([]), 'a')
    const before = sockets.opened()
    await Promise.all([wire.send(node, metadataRequest([]), 'a'), wire.send(node, metadataRequest([]), 'b'), wire.send(node, metadataRequest([]), 'b')]) // biome-ignore format: one thought
    expect(sockets.opened()).toBe(before + 1)
  })

  it('whose connection breaks is rejected, and its topics are requested again', async () => {
    const topic = await runtime.createTopic('broken')
    const sockets = pausable()
    const wire = await wireTo({ ...runtime.kafka, socketFactory: sockets.factory })
    await wire.cluster.load([topic])
    const { node } = wire.cluster.leader(topic, 0)!
    await wire.send(node, metadataRequest([]))
    sockets.freeze(true)
    const lost = wire.send(node, metadataRequest([])).catch(error => error)
    await new Promise(setImmediate)
    sockets.breakAll()
    expect(await lost).toMatchObject({ type: 'CONNECTION' })
    sockets.freeze(false)
    expect([wire.cluster.leader(topic, 0)?.node, await wire.offset(topic, 0, 'latest')]).toEqual([node, 0])
  })

  it('is answered by the process that was stopped meanwhile, although its deadline has passed', async () => {
    const wire = await wireTo(runtime.kafka)
    const node = await anyNode(wire)
    await wire.send(node, metadataRequest([]))
    const answer = wire.send(node, brokers)
    // The request is in flight; then nothing runs here for longer than the deadline.
    await new Promise(setImmediate)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    expect((await answer).brokers).toHaveLength(1)
  })
})

describe('a login', () => {
  it('with a wrong password fails at once with a sentence, and is not tried again for five seconds', async () => {
    const sockets = pausable()
    const settings = { ...runtime.kafka, password: 'wrong', socketFactory: sockets.factory }
    const keeper = await openWire({ ...runtime.kafka, socketFactory: sockets.factory }, logger)
    const before = sockets.opened()
    const refused = await openWire(settings, logger).catch(error => error)
    expect(refused).toMatchObject({ type: 'SASL_AUTHENTICATION_FAILED', message: expect.stringMatching(/refuses the user .* or its password.*KAFKA_PASSWORD/) }) // biome-ignore format: one thought
    expect(sockets.opened()).toBe(before + 1)
    await keeper.close()
  })

  it.each(['scram-sha-512'] as const)('%s is what the broker of the tests speaks', async mechanism => {
    const wire = await wireTo({ ...runtime.kafka, mechanism })
    expect(await wire.metadata([])).toEqual([])
  })

  it('by a mechanism that the broker does not offer names those that it does', async () => {
    const opening = openWire(
      { ...runtime.kafka, mechanism: 'oauthbearer', token: async () => ({ value: 'x' }) },
      logger,
    )
    await expect(opening).rejects.toThrow(/offers SCRAM-SHA-512.*not OAUTHBEARER: set KAFKA_SASL_MECHANISM/)
  })

  it('is missing: the sentence asks whether the listener wants one', async () => {
    const opening = openWire({ brokers: runtime.kafka.brokers, clientId: 'test' }, logger)
    await expect(opening).rejects.toThrow('does this listener ask for a user?')
  })
})

describe('TLS', () => {
  it('to a broker whose authority is unknown fails at once, and names the setting', async () => {
    const { key, cert } = selfSigned(['127.0.0.1'], createSystemClock().nowMs())
    const server = createTlsServer({ key, cert }, socket => void socket.end())
    const settings = { brokers: [await listen(server)], clientId: 'test', ssl: true }
    await expect(openWire(settings, logger)).rejects.toMatchObject({
      type: 'TLS',
      message: expect.stringContaining('KAFKA_SSL_CA'),
    })
    // With it, the connection is established; that the server is no Kafka broker shows next.
    await expect(openWire({ ...settings, tls: { ca: cert } }, logger)).rejects.toMatchObject({ type: 'CONNECTION' })
  })

  it('to a listener without it says so', async () => {
    const opening = openWire({ ...runtime.kafka, ssl: true }, logger)
    await expect(opening).rejects.toMatchObject({ type: expect.stringMatching(/TLS|CONNECTION/) })
  })
})

describe('a broker that is none', () => {
  it('and sends a huge frame is left before memory is taken for it', async () => {
    const server = createServer(
      socket => void socket.on('data', () => socket.write(Buffer.of(0x7f, 0xff, 0xff, 0xff, 1, 2, 3))),
    )
    const opening = openWire({ brokers: [await listen(server)], clientId: 'test' }, logger)
    await expect(opening).rejects.toThrow('sends a frame of 2147483647 bytes')
  })

  it('and is too old is refused with the version that is needed', async () => {
    const answer = [int16(0), compactArray([[int16(3), int16(0), int16(9), NO_TAGS]]), int32(0), NO_TAGS]
    const server = createServer(answering([answer]))
    const opening = openWire({ brokers: [await listen(server)], clientId: 'test' }, logger)
    await expect(opening).rejects.toThrow('Clarion needs Kafka 3.9 or later')
  })

  it('and answers nothing delays no request to another one', async () => {
    const silent = createServer(socket => void socket.on('data', () => undefined))
    const wire = await wireTo({ ...runtime.kafka, brokers: [await listen(silent), ...runtime.kafka.brokers] })
    expect((await wire.metadata([await runtime.createTopic('hedged')]))[0]!.errorCode).toBe(0)
  })
})

it('the metadata of all topics is never requested', async () => {
  const wire = await wireTo(runtime.kafka)
  expect(await wire.metadata([])).toEqual([])
  const answer = await wire.sendToAny(metadataRequest([]))
  expect([answer.topics, answer.brokers.length]).toEqual([[], 1])
})

let nodesAsked = 0

async function anyNode(wire: Wire): Promise<number> {
  const [found] = await wire.metadata([await runtime.createTopic(`node-${++nodesAsked}`)])
  return found!.partitions[0]!.leader
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(server)
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers one request after the other with these bodies. */
function answering(bodies: Array<Parameters<typeof flat>[0]>) {
  return (socket: Socket) =>
    void socket.on('data', request => {
      const body = Buffer.concat(flat(bodies.shift() ?? []))
      socket.write(Buffer.concat([int32(4 + body.length), (request as Buffer).subarray(8, 12), body]))
    })
}
