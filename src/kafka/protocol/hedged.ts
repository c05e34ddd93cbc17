/**
 * Sends one request to several brokers that can answer it: the next one gets it when the one before is late or has
 * failed, and the first answer wins.
 */
import type { Clock, Timer } from '../../clock.ts'

/**
 * Asks the candidates in order, the next one `afterMs` after the last or as soon as that one has failed. Rejects when
 * all have failed, with the error that `worst` chooses. There must be a candidate.
 */
export function hedged<C, T>(
  candidates: readonly C[],
  ask: (candidate: C) => Promise<T>,
  options: { clock: Clock; afterMs: number; worst(errors: unknown[]): unknown },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const errors: unknown[] = []
    let tried = 0
    let isSettled = false
    let timer: Timer | undefined

    function tryNext(): void {
      timer?.cancel()
      if (isSettled || tried === candidates.length) return
      const candidate = candidates[tried++]!
      timer = tried < candidates.length ? options.clock.after(options.afterMs, tryNext) : undefined
      ask(candidate).then(settle, error => {
        errors.push(error)
        if (errors.length === candidates.length) reject(options.worst(errors))
        else if (errors.length === tried) tryNext()
      })
    }

    function settle(answer: T): void {
      isSettled = true
      timer?.cancel()
      resolve(answer)
    }

    tryNext()
  })
}
