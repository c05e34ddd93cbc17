/**
 * When a connection logs in again: the answers of a broker whose sessions last a second, and a clock that the test
 * controls.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { openConnection } from '../../src/kafka/protocol/connection.ts'
import {
  compact,
  compactArray,
  flat,
  int16,
  int32,
  int64,
  NO_TAGS,
  type Part,
} from '../../src/kafka/protocol/flexible.ts'
import { metadataRequest } from '../../src/kafka/protocol/metadata-requests.ts'
import { createAuthenticate } from '../../src/kafka/protocol/sasl.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const METADATA = 3
const HANDSHAKE = 17
const API_VERSIONS = 18
const AUTHENTICATE = 36

/** The current versions of Kafka's requests, as far as they are checked. */
const versions: Part[] = [0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 22, 24, 26].map(apiKey => [
  int16(apiKey),
  int16(0),
  int16(20),
  NO_TAGS,
])
const answers: Record<number, Part[]> = {
  [API_VERSIONS]: [int16(0), compactArray(versions as Part[][]), int32(0), NO_TAGS],
  [HANDSHAKE]: [int16(0), int32(0)],
  [AUTHENTICATE]: [NO_TAGS, int16(0), Buffer.of(0), Buffer.of(1), int64(1_000n), NO_TAGS],
  [METADATA]: [NO_TAGS, int32(0), compactArray([]), compact('cluster'), int32(1), compactArray([]), NO_TAGS],
}

/** In the order of arrival. */
const asked: number[] = []
const held: Array<() => void> = []
let isHolding = false
const server = createServer(socket => {
  let bytes = Buffer.alloc(0)
  socket.on('data', chunk => {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
      take(socket, bytes.subarray(4, 4 + bytes.readInt32BE(0)))
      bytes = bytes.subarray(4 + bytes.readInt32BE(0))
    }
  })
})

function take(socket: Socket, request: Buffer): void {
  const apiKey = request.readInt16BE(0)
  asked.push(apiKey)
  const body = Buffer.concat([request.subarray(4, 8), ...flat(answers[apiKey]!)])
  const answer = () => void socket.write(Buffer.concat([int32(body.length), body]))
  if (isHolding && apiKey === METADATA) held.push(answer)
  else answer()
  server.emit('request')
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => void server.close())

it('a session is renewed at 80 % of its lifetime, between requests: after those in flight, before those that follow', async () => {
  const clock = createManualClock()
  const random = { bytes: () => Buffer.alloc(0), uniform: () => 0 }
  const settings = {
    brokers: [],
    clientId: 'test',
    mechanism: 'plain',
    username: 'user',
    password: 'password',
  } as const
  const connection = openConnection({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    clientId: 'test',
    socketFactory: ({ host, port, onConnect }) => dial({ host, port }, onConnect),
    authenticate: createAuthenticate({ ...settings, brokers: [] }, { clock, random }),
    clock,
    onOpen: () => undefined,
    onLate: () => undefined,
    onBroken(error) {
      throw error
    },
  })
  const ask = () => connection.send(metadataRequest([]))
  await ask()
  clock.advance(799)
  await ask()
  expect(asked.splice(0)).toEqual([API_VERSIONS, HANDSHAKE, AUTHENTICATE, METADATA, METADATA])

  isHolding = true
  const inFlight = ask()
  while (held.length === 0) await once(server, 'request')
  isHolding = false
  clock.advance(1)
  const after = [ask(), ask()]
  expect(asked.splice(0)).toEqual([METADATA])
  held.shift()!()
  await Promise.all([inFlight, ...after])
  expect(asked.splice(0)).toEqual([HANDSHAKE, AUTHENTICATE, METADATA, METADATA])

  // An expired session cannot be used: the owner opens another connection.
  clock.advance(1_000)
  expect(connection.isGone()).toBe(true)
  connection.close()
})
