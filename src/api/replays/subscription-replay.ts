/**
 * The replay of a subscription: that of its webhook, answered with counts if it ends in time. See
 * docs/specification/replays.md.
 */
import type { Clock } from '../../clock.ts'
import { webhookIdOf } from '../../model/replays.ts'
import type { Answer, Call, Handler } from '../http/route.ts'

/** How long a call waits for the replay that it started, and how often it checks. */
const REPLAY_WAIT = { mostMs: 10_000, everyMs: 200 } as const

interface PresentedReplay {
  id: string
  endedAt: string | null
  progress: { matched: number | null; processed: number; succeeded: number; failed: number; skipped: number }
}

export function createSubscriptionReplay(deps: {
  replays: { replayWebhook(call: Call): Promise<Answer>; get(call: Call): Promise<Answer> }
  clock: Clock
}): Handler {
  const { replays, clock } = deps
  return async call => {
    const started = await replays.replayWebhook({ ...call, params: { id: webhookIdOf(call.params.id!) } })
    if ((call.body as { dryRun?: boolean }).dryRun === true) return started
    const { id } = started.data as PresentedReplay
    const deadlineMs = clock.monotonicMs() + REPLAY_WAIT.mostMs
    for (;;) {
      const { data } = await replays.get({ ...call, params: { id } })
      const { endedAt, progress } = data as PresentedReplay
      const { matched, processed, succeeded, failed, skipped } = progress
      // The history lags a little behind the engine.
      if (endedAt !== null && processed >= (matched ?? 0))
        return { data: { replayed: processed - skipped, succeeded, failed } }
      if (clock.monotonicMs() >= deadlineMs) return { status: 202, data }
      await clock.sleep(REPLAY_WAIT.everyMs)
    }
  }
}
