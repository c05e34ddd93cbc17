import { setTimeout as pause } from 'node:timers/promises'
import { patient } from '../support/patience.ts'

/** A test that waits so long hangs. */
export const HUNG_MS = patient(60_000)

/** Resolves with the first answer that is neither false nor undefined. Rejects with what was waited for, and the last error, after 60 s. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  hungMs = HUNG_MS,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + hungMs
  for (;;) {
    const answer = await condition()
    if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>
    if (performance.now() > deadline) throw new Error(`waited ${hungMs / 1000} s for nothing: ${what}`)
    await pause(25)
  }
}

/** The answer, or a rejection that names what did not come within the bound. Late work goes on, and its result is dropped. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = Symbol('late')
  work.catch(() => undefined)
  const answer = await Promise.race([work, pause(patient(ms), late, { ref: false })])
  if (answer === late) throw new Error(`not within ${patient(ms) / 1000} s: ${what}`)
  return answer as T
}
