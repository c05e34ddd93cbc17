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
  /** The next request of this kind arrives; its answer is held back, and these bytes behind the correlation id come in its place once released. */
  holdNext(apiKey: number, answer: Buffer): { arrived: Promise<void>; release(): void }
  /** How many answers were lost, or given instead of the broker, so far. */
  lost(): number
}

export function createLossySockets(): LossySockets {
  let losing: number | undefined
  let losingEach: number | undefined
  let answering: { apiKey: number; answer: Buffer } | undefined
  let holding: { apiKey: number; answer: Buffer; arrived(): void; released: Promise<void> } | undefined
  let lost = 0

  /** Watches what is written and what comes. After `connect`, which gives a socket its class's `write` back. */
  function watch(socket: Socket): Socket {
    const { write, emit } = socket
    let doomed = false
    let held: typeof holding
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
      if (apiKey === holding?.apiKey) {
        held = holding
        holding = undefined
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
      if (event === 'data' && held !== undefined) {
        const { answer, arrived, released } = held
        held = undefined
        lost++
        const head = Buffer.alloc(8)
        head.writeInt32BE(4 + answer.length)
        ;(rest[0] as Buffer).copy(head, 4, 4, 8)
        arrived()
        void released.then(() => Reflect.apply(emit, socket, ['data', Buffer.concat([head, answer])]))
        return true
      }
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
    holdNext(apiKey, answer) {
      const [arriving, releasing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      holding = { apiKey, answer, arrived: arriving.resolve, released: releasing.promise }
      return { arrived: arriving.promise, release: releasing.resolve }
    },
    lost: () => lost,
  }
}
