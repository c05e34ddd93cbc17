/** Real connections to the real broker that lose the answer to a chosen request: the request arrives, the connection breaks before the answer. */
import { Socket } from 'node:net'
import type { SocketFactory } from '../../src/kafka/wire.ts'

export const PRODUCE = 0
export const END_TRANSACTION = 26

const API_KEY_AT = 4

export interface LossySockets {
  factory: SocketFactory
  /** The answer to the next request of this kind is lost. */
  loseNext(apiKey: number): void
  /** How many answers were lost so far. */
  lost(): number
}

export function createLossySockets(): LossySockets {
  let losing: number | undefined
  let lost = 0

  /** Watches what is written and what comes. After `connect`, which gives a socket its class's `write` back. */
  function watch(socket: Socket): Socket {
    const { write, emit } = socket
    let doomed = false
    socket.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
      const bytes = Buffer.from(chunk as Uint8Array)
      if (losing !== undefined && bytes.length > API_KEY_AT + 1 && bytes.readInt16BE(API_KEY_AT) === losing) {
        losing = undefined
        doomed = true
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
    lost: () => lost,
  }
}
