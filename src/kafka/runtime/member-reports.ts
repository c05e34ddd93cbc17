/** Logs of a group member about its failing requests, each reason once, and the report that it stopped. */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { sentenceOf } from './member-errors.ts'

/** An error that lasts this long is logged. */
const REPORT_AFTER_MS = 2_000

export type Purpose = 'join' | 'heartbeat'

export interface MemberReports {
  answered(purpose: Purpose): void
  unanswered(error: string, purpose: Purpose): void
  /** An operator has to act. */
  stop(error: string): void
}

export function createMemberReports(deps: {
  groupId: string
  instanceId: string | undefined
  clock: Clock
  logger: Logger
  generation(): number
  /** Undefined: it goes on. */
  onStopped(reason: string | undefined): void
}): MemberReports {
  const { clock, logger } = deps
  let stopped: string | undefined
  /** Failing requests, each reported once: heartbeats may succeed while joins do not. */
  const failing = new Map<Purpose, { sinceMs: number; isReported: boolean }>()

  return {
    answered(purpose) {
      if (failing.get(purpose)?.isReported)
        logger.info({ generation: deps.generation(), purpose }, 'the coordinator answers again')
      failing.delete(purpose)
      if (stopped === undefined) return
      stopped = undefined
      deps.onStopped(undefined)
    },
    unanswered(error, purpose) {
      const failure = failing.get(purpose) ?? { sinceMs: clock.monotonicMs(), isReported: false }
      failing.set(purpose, failure)
      // Brokers that have just started, and a coordinator that moves, are normal.
      if (failure.isReported || clock.monotonicMs() - failure.sinceMs < REPORT_AFTER_MS) return
      failure.isReported = true
      logger.warn({ error, generation: deps.generation(), purpose }, 'the coordinator does not answer; looking for it')
    },
    stop(error) {
      const reason = sentenceOf(error, deps.groupId, deps.instanceId)
      if (stopped === reason) return
      stopped = reason
      logger.error({ error }, reason)
      deps.onStopped(reason)
    },
  }
}
