/** Time and randomness, passed in. Only this file reads them from the machine, so that a test can move time by hand. */
import { randomBytes } from 'node:crypto'

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. */
  nowMs(): number
  /** The wall clock without any shift: the broker compares record times with it. */
  machineMs(): number
  /** Milliseconds on a clock that never jumps; only differences mean something. */
  monotonicMs(): number
  /** Runs `callback` once, after `delayMs`. A pending timer does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer
  /** Resolves after `delayMs`. */
  sleep(delayMs: number): Promise<void>
}

export interface Random {
  bytes(length: number): Buffer
  /** A number in [0, 1). */
  uniform(): number
}

/** The machine's clock. `offsetMs` shifts the wall clock (`CLARION_CLOCK_OFFSET_MS`, for tests). */
export function createSystemClock(options: { offsetMs?: number } = {}): Clock {
  const offsetMs = options.offsetMs ?? 0
  return {
    nowMs: () => Date.now() + offsetMs,
    machineMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs).unref()
      return { cancel: () => clearTimeout(timer) }
    },
    sleep: delayMs => new Promise(resolve => setTimeout(resolve, delayMs)),
  }
}

export function createSystemRandom(): Random {
  return { bytes: length => randomBytes(length), uniform: () => randomBytes(4).readUInt32BE() / 0x1_0000_0000 }
}
