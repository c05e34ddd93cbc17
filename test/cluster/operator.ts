/**
 * The operator of the cluster: sends its requests to a named broker, each on a connection of its own with a deadline of its own, logged in with SASL
 * PLAIN. A broker that is frozen takes a connection and never answers, so nothing here waits without a bound.
 */
import { connect, type Socket } from 'node:net'
import { compact, flat, int32, NO_TAGS } from '../../src/kafka/protocol/flexible.ts'
import { patient } from '../support/patience.ts'

const ANSWER_MS = patient(3_000)
const SASL_HANDSHAKE = 17
const SASL_AUTHENTICATE = 36
const CLIENT_ID = Buffer.from('operator')

/** The used part of a request: `body` begins with the tags that end the header. */
export interface OperatorRequest<T> {
  apiKey: number
  apiVersion: number
  apiName: string
  body: Buffer
  decode(payload: Buffer): T
}

/** Sends the request to the broker on this loopback port. Rejects after 3 s without an answer, and with the broker's own errors. */
export async function ask<T>(
  port: number,
  { username, password }: { username: string; password: string },
  request: OperatorRequest<T>,
): Promise<T> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  const answers = framesOf(socket)
  const deadline = setTimeout(() => socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS)
  try {
    const mechanism = Buffer.concat([Buffer.of(0, 5), Buffer.from('PLAIN')])
    socket.write(frame(SASL_HANDSHAKE, 1, mechanism))
    refuse((await answers.next()).readInt16BE(0), 'SaslHandshake')
    const token = compact(Buffer.from(`\0${username}\0${password}`))
    socket.write(frame(SASL_AUTHENTICATE, 2, Buffer.concat([NO_TAGS, ...flat([token]), NO_TAGS])))
    refuse((await answers.next()).readInt16BE(1), 'SaslAuthenticate')
    socket.write(frame(request.apiKey, request.apiVersion, request.body))
    return request.decode(await answers.next())
  } catch (error) {
    throw new Error(`${request.apiName} to port ${port}: ${(error as Error).message}`, { cause: error })
  } finally {
    clearTimeout(deadline)
    socket.destroy()
  }
}

function refuse(errorCode: number, of: string): void {
  if (errorCode !== 0) throw new Error(`${of} is refused with error ${errorCode}`)
}

function frame(apiKey: number, apiVersion: number, body: Buffer): Buffer {
  const head = Buffer.alloc(10 + CLIENT_ID.length)
  head.writeInt16BE(apiKey, 0)
  head.writeInt16BE(apiVersion, 2)
  head.writeInt32BE(1, 4)
  head.writeInt16BE(CLIENT_ID.length, 8)
  CLIENT_ID.copy(head, 10)
  return Buffer.concat([int32(head.length + body.length), head, body])
}

/** Answers in their order, without the length and the correlation id. */
function framesOf(socket: Socket): { next(): Promise<Buffer> } {
  let bytes = Buffer.alloc(0)
  let ended: Error | undefined
  let wake: () => void = () => undefined
  socket.on('data', chunk => {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    wake()
  })
  socket.once('error', error => {
    ended = error
    wake()
  })
  socket.once('close', () => {
    ended ??= new Error('the connection was closed')
    wake()
  })
  return {
    async next() {
      for (;;) {
        const length = bytes.length >= 4 ? bytes.readInt32BE(0) : Number.POSITIVE_INFINITY
        if (bytes.length >= 4 + length) {
          const payload = bytes.subarray(8, 4 + length)
          bytes = bytes.subarray(4 + length)
          return payload
        }
        if (ended) throw ended
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
  }
}
