/** The socket of a stream over WebSocket. */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Clock } from '../../clock.ts'
import { CONNECTION_UNSENT_BYTES_MAX } from '../../streaming/hub/connection.ts'
import type { EndReason, Sink } from '../../streaming/hub/ports.ts'
import { LINGER_MS, takenBytes } from './http-sink.ts'

/** RFC 6455 and the registry of close codes: policy violation, service restart. */
const POLICY = 1008
const RESTART = 1012

export function createWebSocketSink(
  webSocket: WebSocket,
  socket: Socket,
  { clock, onWritable }: { clock: Clock; onWritable(): void },
): Sink {
  let isFull = false

  function sent(): void {
    if (!isFull || webSocket.bufferedAmount > 0) return
    isFull = false
    onWritable()
  }

  function send(frame: Buffer): void {
    // An error means that the peer has gone; `close` says so.
    webSocket.send(frame, { binary: false }, () => sent())
  }

  return {
    write(frames) {
      socket.cork()
      for (const frame of frames) send(frame)
      socket.uncork()
      isFull = webSocket.bufferedAmount >= CONNECTION_UNSENT_BYTES_MAX
      return !isFull
    },
    unsentBytes: () => webSocket.bufferedAmount,
    progress: () => takenBytes(socket),
    // It has pings.
    socketId: undefined,
    end(last, reason) {
      for (const frame of last) send(frame)
      closeAs(webSocket, clock, reason === 'server_drain' ? RESTART : POLICY, reason)
    },
    destroy: () => webSocket.terminate(),
  }
}

export function closeAs(webSocket: WebSocket, clock: Clock, code: number, reason: EndReason | string): void {
  webSocket.close(code, reason)
  const cut = clock.after(LINGER_MS, () => webSocket.terminate())
  webSocket.once('close', () => cut.cancel())
}
