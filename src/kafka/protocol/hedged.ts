/** One question, several who can answer it: the next one is asked when the one before is late or has failed, and the first answer wins. */
import type { Clock, Timer } from '../../clock.ts'

/**
 * Asks the candidates in their order, the next one `afterMs` after the last or as soon as that one has failed. Rejects when all have failed, with
 * the error that `worst` chooses of theirs. There must be a candidate.
 */
export function hedged<C, T>(
  candidates: readonly C[],
  ask: (candidate: C) => Promise<T>,
  options: { clock: Clock; afterMs: number; worst(errors: unknown[]): unknown },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const errors: unknown[] = []
    let asked = 0
    let isSettled = false
    let timer: Timer | undefined

    function askNext(): void {
      timer?.cancel()
      if (isSettled || asked === candidates.length) return
      const candidate = candidates[asked++]!
      timer = asked < candidates.length ? options.clock.after(options.afterMs, askNext) : undefined
      ask(candidate).then(settle, error => {
        errors.push(error)
        if (errors.length === candidates.length) reject(options.worst(errors))
        else if (errors.length === asked) askNext()
      })
    }

    function settle(answer: T): void {
      isSettled = true
      timer?.cancel()
      resolve(answer)
    }

    askNext()
  })
}
