/**
 * Requests whose bytes are ready are written as they are. kafkajs encodes each request into a buffer, that one into a second, and both grow by
 * doubling and are zeroed first: four passes over a batch of a megabyte.
 *
 * The header of a request (Kafka protocol guide, "Request Header v1") is api key, version, correlation id and client id, with the length before it.
 * What kafkajs does besides is kept: logging in again when the session is due, and its queue with time-outs. (Throttling is not: the platform's user
 * has no quota.)
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

const require = createRequire(import.meta.url)

/** A request for `Broker`'s `sendRequest` whose body needs no encoding. */
export interface FramedRequest<T> {
  request: { apiKey: number; apiVersion: number; apiName: string; body: Buffer }
  response: { decode(payload: Buffer): T }
  requestTimeout: number | null
}

// What is used of kafkajs's connection, typed as far as it is used.
interface Connection {
  clientId: string
  socket: Socket
  requestQueue: { push(request: { entry: object; expectResponse: boolean; requestTimeout: number | null; sendRequest(): void }): void }
  isAuthenticated(): boolean
  authenticate(): Promise<void>
  failIfNotConnected(): void
  nextCorrelationId(): number
}

const ConnectionClass = require('kafkajs/src/network/connection') as {
  prototype: { send(this: Connection, protocol: FramedRequest<unknown> | { request: { body?: undefined } }): Promise<unknown> }
}
const encodeAndSend = ConnectionClass.prototype.send
ConnectionClass.prototype.send = function (protocol) {
  return isFramed(protocol) ? sendFramed(this, protocol) : encodeAndSend.call(this, protocol)
}

const isFramed = (protocol: { request: { body?: Buffer | undefined } }): protocol is FramedRequest<unknown> =>
  protocol.request.body !== undefined

async function sendFramed<T>(connection: Connection, { request, response, requestTimeout }: FramedRequest<T>): Promise<T> {
  if (!connection.isAuthenticated()) await connection.authenticate()
  connection.failIfNotConnected()
  const { apiKey, apiVersion, apiName, body } = request
  const correlationId = connection.nextCorrelationId()
  const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
    const sendRequest = () => {
      const { socket } = connection
      socket.cork()
      socket.write(headerOf(request, correlationId, connection.clientId))
      socket.write(body)
      socket.uncork()
    }
    const entry = { apiKey, apiName, apiVersion, correlationId, resolve, reject }
    connection.requestQueue.push({ entry, expectResponse: true, requestTimeout, sendRequest })
  })
  return response.decode(payload)
}

function headerOf({ apiKey, apiVersion, body }: FramedRequest<unknown>['request'], correlationId: number, clientId: string): Buffer {
  const name = Buffer.from(clientId)
  const header = Buffer.allocUnsafe(14 + name.length)
  header.writeInt32BE(10 + name.length + body.length, 0)
  header.writeInt16BE(apiKey, 4)
  header.writeInt16BE(apiVersion, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(name.length, 12)
  name.copy(header, 14)
  return header
}
