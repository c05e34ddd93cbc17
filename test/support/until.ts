/** Waiting for facts that come a moment later: the history, a list, the end of a log. */
import { setTimeout as pause } from 'node:timers/promises'
import { patient } from './patience.ts'

const WAIT_MS = patient(30_000)
/** A loop without a pause would take the time of the platform that it waits for. */
const ASK_EVERY_MS = 50

/**
 * Asks until the answer is as wished, and gives it; throws with the last answer after half a minute (`patient`). A call
 * that fails is repeated: a busy history answers 503 now and then.
 */
export async function until<T>(
  ask: () => Promise<T> | T,
  isWished: (answer: T) => unknown,
  withinMs = WAIT_MS,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const asked = await attempted(ask, isWished)
    if ('answer' in asked) return asked.answer
    if (performance.now() > deadline) throw new Error(`It never came: ${asked.instead}`, { cause: asked.error })
    await pause(ASK_EVERY_MS)
  }
}

/** The first answer that is not false. */
export const untilFound = async <T>(what: string, look: () => Promise<T | false>): Promise<T> =>
  (await until(look, answer => answer !== false).catch(error => {
    throw new Error(`It never came that ${what}.`, { cause: error })
  })) as T

async function attempted<T>(
  ask: () => Promise<T> | T,
  isWished: (answer: T) => unknown,
): Promise<{ answer: T } | { instead: string; error?: unknown }> {
  try {
    const answer = await ask()
    return isWished(answer) ? { answer } : { instead: `the last answer is ${shown(answer)}` }
  } catch (error) {
    return { instead: String(error), error }
  }
}

const shown = (answer: unknown): string => (JSON.stringify(answer) ?? String(answer)).slice(0, 2_000)
