import { setTimeout as pause } from 'node:timers/promises'
import { patient } from '../../support/patience.ts'

const WAIT_MS = patient(20_000)
const ASK_EVERY_MS = 50

/** Asks again until the answer is as wished, at most 20 s; then answers what it was last. */
export async function until<T>(ask: () => Promise<T> | T, wished: (answer: T) => unknown): Promise<T> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const answer = await ask()
    if (wished(answer) || performance.now() > deadline) return answer
    await pause(ASK_EVERY_MS)
  }
}
