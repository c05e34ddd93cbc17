/** Checks the ledger once an hour, and then the shapes of payloads, for the shards that this process records. */
import type { Clock, Timer } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Ledger } from './ledger.ts'
import type { PayloadShapes } from './payload-shapes.ts'

const HOUR_MS = 3_600_000

/** `shards`: those that the process owns now. A failed check is logged and does not stop the next one. */
export function checkHourly(deps: {
  ledger: Ledger
  shapes: PayloadShapes
  shards: () => readonly number[]
  clock: Clock
  logger: Logger
}): {
  close(): void
} {
  const { ledger, shapes, shards, clock, logger } = deps
  let timer: Timer | undefined
  let closed = false

  function arm(): void {
    if (!closed) timer = clock.after(HOUR_MS, () => void check())
  }
  async function attempt(work: () => Promise<unknown>, message: string): Promise<void> {
    if (closed) return
    await work().catch(error => logger.warn({ error: String(error) }, message))
  }
  async function check(): Promise<void> {
    await attempt(() => ledger.check({ shards: shards() }), 'the ledger could not be checked')
    await attempt(() => shapes.look(shards()), 'the shapes of payloads could not be compared')
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
