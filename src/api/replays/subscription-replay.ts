/** The replay of a subscription (C.8, C.11.6): of its webhook, and answered as the original's is, if it ends in time. */
import type { Clock } from '../../clock.ts'
import { webhookIdOf } from '../../control-plane/webhooks/webhook-ids.ts'
import type { Answer, Call, Handler } from '../http/route.ts'

/** So long a call waits for the replay that it asked for, looking so often. */
const REPLAY_WAIT = { mostMs: 10_000, everyMs: 200 } as const

interface ShownReplay {
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
    const begun = await replays.replayWebhook({ ...call, params: { id: webhookIdOf(call.params.id!) } })
    const { id } = begun.data as ShownReplay
    const deadlineMs = clock.monotonicMs() + REPLAY_WAIT.mostMs
    for (;;) {
      const { data } = await replays.get({ ...call, params: { id } })
      const { endedAt, progress } = data as ShownReplay
      const { matched, processed, succeeded, failed, skipped } = progress
      // The history lags behind the engine a little.
      if (endedAt !== null && processed >= (matched ?? 0))
        return { data: { replayed: processed - skipped, succeeded, failed } }
      if (clock.monotonicMs() >= deadlineMs) return { status: 202, data }
      await clock.sleep(REPLAY_WAIT.everyMs)
    }
  }
}
