/** Checks the ledger once an hour, for the shards that this process records. */
import type { Clock, Timer } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Ledger } from './ledger.ts'

const HOUR_MS = 3_600_000

/** `shards`: those that the process owns now. A failed check is logged and does not stop the next one. */
export function checkHourly(deps: { ledger: Ledger; shards: () => readonly number[]; clock: Clock; logger: Logger }): {
  close(): void
} {
  const { ledger, clock, logger } = deps
  let timer: Timer | undefined
  let closed = false

  function arm(): void {
    if (!closed) timer = clock.after(HOUR_MS, () => void check())
  }
  async function check(): Promise<void> {
    try {
      await ledger.check({ shards: deps.shards() })
    } catch (error) {
      logger.warn({ error: String(error) }, 'the ledger could not be checked')
    }
    arm()
  }

  arm()
  return {
    close() {
      closed = true
      timer?.cancel()
    },
  }
}
