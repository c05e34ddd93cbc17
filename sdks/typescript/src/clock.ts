/** Time and randomness, passed in, so that a test can move time by hand. */
import { randomBytes } from 'node:crypto'
import { onAbort } from './on-abort.ts'

export interface Clock {
  /** Milliseconds since 1970 UTC. */
  nowMs(): number
  /** Runs `callback` once, after `delayMs`. */
  after(delayMs: number, callback: () => void): { cancel(): void }
}

export interface Random {
  /** A number in [0, 1). */
  uniform(): number
  /** An unguessable and unique text: 128 bits in hex. */
  id(): string
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

export const systemRandom: Random = {
  uniform: () => randomBytes(4).readUInt32BE() / 0x1_0000_0000,
  id: () => randomBytes(16).toString('hex'),
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      timer.cancel()
      ignore()
      reject(signal?.reason)
    }
    const timer = clock.after(delayMs, () => {
      ignore()
      resolve()
    })
    const ignore = onAbort(signal, stop)
    if (signal?.aborted) stop()
  })
}
