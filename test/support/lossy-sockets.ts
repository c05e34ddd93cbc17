/**
 * Real connections to the real broker that lose the answer to a chosen request (it arrives, the connection breaks before the answer), or that
 * answer a chosen request themselves, as a broker among several would: it does not arrive.
 */
import { Socket } from 'node:net'
import type { SocketFactory } from '../../src/kafka/protocol/wire.ts'

export const PRODUCE = 0
export const END_TRANSACTION = 26

const API_KEY_AT = 4
const CORRELATION_ID_AT = 8

export interface LossySockets {
  factory: SocketFactory
  /** The answer to the next request of this kind is lost. */
  loseNext(apiKey: number): void
  /** So are those to all that follow; undefined: not any more. */
  loseEach(apiKey: number | undefined): void
  /** The next request of this kind is answered with these bytes, behind the correlation id. */
  answerNext(apiKey: number, answer: Buffer): void
  /** How many answers were lost, or given instead of the broker, so far. */
  lost(): number
}

export function createLossySockets(): LossySockets {
  let losing: number | undefined
  let losingEach: number | undefined
  let answering: { apiKey: number; answer: Buffer } | undefined
  let lost = 0

  /** Watches what is written and what comes. After `connect`, which gives a socket its class's `write` back. */
  function watch(socket: Socket): Socket {
    const { write, emit } = socket
    let doomed = false
    /** Of the request that is being written: a request may come in several pieces. */
    let under = { bytesToCome: 0, isSwallowed: false }
    socket.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
      const bytes = Buffer.from(chunk as Uint8Array)
      if (under.bytesToCome > 0) {
        under.bytesToCome -= bytes.length
        return under.isSwallowed || Reflect.apply(write, socket, [chunk, ...rest])
      }
      under = { bytesToCome: 4 + bytes.readInt32BE(0) - bytes.length, isSwallowed: false }
      const apiKey = bytes.readInt16BE(API_KEY_AT)
      if (apiKey === losing || apiKey === losingEach) {
        losing = undefined
        doomed = true
      }
      if (answering !== undefined && apiKey === answering.apiKey) {
        const { answer } = answering
        answering = undefined
        under.isSwallowed = true
        lost++
        const head = Buffer.alloc(8)
        head.writeInt32BE(4 + answer.length)
        bytes.copy(head, 4, CORRELATION_ID_AT, CORRELATION_ID_AT + 4)
        setImmediate(() => Reflect.apply(emit, socket, ['data', Buffer.concat([head, answer])]))
        return true
      }
      return Reflect.apply(write, socket, [chunk, ...rest])
    }
    socket.emit = (event: string | symbol, ...rest: unknown[]) => {
      if (event !== 'data' || !doomed) return Reflect.apply(emit, socket, [event, ...rest])
      doomed = false
      lost++
      socket.destroy(new Error('the answer was lost'))
      return true
    }
    return socket
  }

  return {
    factory: ({ host, port, onConnect }) => watch(new Socket().setNoDelay(true).connect(port, host, onConnect)),
    loseNext(apiKey) {
      losing = apiKey
    },
    loseEach(apiKey) {
      losingEach = apiKey
    },
    answerNext(apiKey, answer) {
      answering = { apiKey, answer }
    },
    lost: () => lost,
  }
}
