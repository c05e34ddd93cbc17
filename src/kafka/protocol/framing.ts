/**
 * Requests and answers on a connection: four bytes of length, then the frame (Kafka protocol guide, "Request Header
 * v1": api key, version, correlation id, client id). A request's body is written without a copy; an answer is copied
 * once, and only if it arrived in several pieces.
 */
import type { WireRequest } from './types.ts'

/** The bytes before a request's body. */
export function requestHeader(request: WireRequest<unknown>, correlationId: number, clientId: Buffer): Buffer {
  const header = Buffer.allocUnsafe(14 + clientId.length)
  header.writeInt32BE(10 + clientId.length + request.body.length, 0)
  header.writeInt16BE(request.apiKey, 4)
  header.writeInt16BE(request.apiVersion, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(clientId.length, 12)
  clientId.copy(header, 14)
  return header
}

export interface FrameReader {
  /** Complete frames are handed out at once, without their length. Nothing is handed out after `onTooLarge`. */
  push(chunk: Buffer): void
}

const LENGTH_BYTES = 4

export function createFrameReader(deps: {
  /** Maximum size of the next frame, bytes. */
  bytesMax(): number
  onFrame(frame: Buffer): void
  /** The stream cannot be read any further. A negative length counts as too large. */
  onTooLarge(bytes: number): void
}): FrameReader {
  /** The incomplete frame. */
  let frame: Buffer | undefined
  let filled = 0
  /** The first bytes of a length that was split. */
  let head: Buffer | undefined
  let isBroken = false

  function takeAll(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !isBroken) {
      if (frame !== undefined) {
        const taken = Math.min(frame.length - filled, chunk.length - at)
        chunk.copy(frame, filled, at, at + taken)
        filled += taken
        at += taken
        if (filled < frame.length) return
        const complete = frame
        frame = undefined
        deps.onFrame(complete)
        continue
      }
      if (chunk.length - at < LENGTH_BYTES) {
        head = chunk.subarray(at)
        return
      }
      const bytes = chunk.readInt32BE(at)
      at += LENGTH_BYTES
      if (bytes < LENGTH_BYTES || bytes > deps.bytesMax()) {
        isBroken = true
        deps.onTooLarge(bytes)
        return
      }
      if (chunk.length - at >= bytes) {
        deps.onFrame(chunk.subarray(at, at + bytes))
        at += bytes
        continue
      }
      frame = Buffer.allocUnsafeSlow(bytes)
      filled = 0
    }
  }

  return {
    push(chunk) {
      if (head === undefined) return takeAll(chunk)
      const joined = Buffer.concat([head, chunk])
      head = undefined
      takeAll(joined)
    },
  }
}
