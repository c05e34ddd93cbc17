/** The socket of a stream over HTTP. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../clock.ts'
import type { Sink } from '../../streaming/hub/ports.ts'
import { socketIdOf } from '../../streaming/hub/unacknowledged.ts'

/** After its last frame a connection is cut when its peer does not take it. */
export const LINGER_MS = 5_000

export function createHttpSink(response: ServerResponse, clock: Clock): Sink {
  // A write that meets a peer that has just gone: `close` follows, and says all there is to say.
  response.on('error', () => undefined)
  const { socket } = response
  return {
    write: frames => response.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames)),
    unsentBytes: () => response.writableLength,
    progress: () => takenBytes(socket),
    socketId: socketIdOf(socket),
    end(last) {
      for (const frame of last) response.write(frame)
      response.end()
      const cut = clock.after(LINGER_MS, () => response.destroy())
      response.once('close', () => cut.cancel())
    },
    destroy: () => void response.destroy(),
  }
}

/** Bytes that the peer has taken, less those of a write under way: it changes with every byte that is taken. */
export function takenBytes(socket: Socket | null): number {
  if (socket === null) return 0
  // Node looks at the same figure before it reports a timeout.
  const { _handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null }
  return socket.bytesWritten - socket.writableLength - (_handle?.writeQueueSize ?? 0)
}
