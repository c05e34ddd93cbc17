/** Time and randomness, passed in, so that a test can move time by hand. */
import { randomBytes } from 'node:crypto'

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

/** Whether `delayMs` passed; false as soon as one of the signals is aborted. */
export function sleep(clock: Clock, delayMs: number, ...signals: AbortSignal[]): Promise<boolean> {
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve(false)
  return new Promise(resolve => {
    const end = (hasPassed: boolean) => {
      for (const signal of signals) signal.removeEventListener('abort', stop)
      resolve(hasPassed)
    }
    const stop = () => {
      timer.cancel()
      end(false)
    }
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true })
    const timer = clock.after(delayMs, () => end(true))
  })
}

/** Whether the work finished in time; otherwise it continues in the background. Never rejects. */
export async function within(clock: Clock, delayMs: number, work: Promise<unknown>): Promise<boolean> {
  let cancel: () => void = () => undefined
  const late = new Promise<false>(resolve => {
    const timer = clock.after(delayMs, () => resolve(false))
    cancel = () => timer.cancel()
  })
  const done = work.then(
    () => true,
    () => true,
  )
  return Promise.race([done, late]).finally(cancel)
}
