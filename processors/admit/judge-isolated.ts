/** Judges an emit that is alone in its transaction, because two transactions with it have failed. */
import type { Logger } from '../../src/logger.ts'
import type { Emit, Failure, Progress, Verdict } from './emit.ts'

type Judge = (emit: Emit, progress: Progress) => Verdict | 'repeated'

/**
 * The two transactions have failed either while writing the event or while judging the emit; neither is repeated here,
 * so its verdict is `failed` unless it is a verdict without an event.
 */
export function createIsolatedJudge({ judge, logger }: { judge: Judge; logger: Logger }): Judge {
  return (emit, progress) => {
    try {
      const judged = judge(emit, progress)
      if (judged === 'repeated' || judged.verdict !== 'accepted') return judged
      const heldKey = judged.heldKey && { ...judged.heldKey, sequence: 0 }
      return { ...failed('The event could not be written to the log of the organization.'), heldKey }
    } catch (error) {
      logger.error(
        { emitId: emit.emitId, error: error instanceof Error ? error.stack : String(error) },
        'emit cannot be judged',
      )
      return failed('The emit could not be judged, by a fault of the platform.')
    }
  }
}

const failed = (message: string): Failure => ({ verdict: 'failed', code: 'bus_relay_failed', message })
