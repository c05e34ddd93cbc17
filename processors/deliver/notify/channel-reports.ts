/** Reports the health of channels to the control plane, which shows and announces it: repeated until acknowledged. */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ChannelStates } from './channel-states.ts'

export interface ChannelReport {
  organizationId: string
  channelId: string
  health: 'healthy' | 'failing'
  /** Since when, ms since 1970. */
  sinceMs: number
}

/** Idempotent. */
export type ReportChannel = (report: ChannelReport) => Promise<void>

export interface ChannelReports {
  start(): void
  committed(): void
  close(): void
}

const AGAIN_MS = 1_000

export function createChannelReports(deps: {
  clock: Clock
  logger: Logger
  states: Pick<ChannelStates, 'unreported' | 'takeUnreported' | 'reported'>
  reportChannel: ReportChannel
  changed(): void
}): ChannelReports {
  const { clock, logger, states } = deps
  const underWay = new Set<string>()
  const timers = new Set<Timer>()
  let closed = false

  type Known = ReturnType<ChannelStates['unreported']>[number]

  async function report(known: Known): Promise<void> {
    const { organizationId, channelId, health, sinceMs } = known
    if (closed || underWay.has(channelId)) return
    underWay.add(channelId)
    const ok = await deps.reportChannel({ organizationId, channelId, health, sinceMs }).then(
      () => true,
      error => {
        logger.warn(
          { channel: channelId, error: String(error) },
          'the health of a notification channel could not be reported; trying again',
        )
        return false
      },
    )
    underWay.delete(channelId)
    if (closed) return
    if (ok) {
      states.reported(known, health)
      deps.changed()
    }
    if (!known.reported) later()
  }

  function later(): void {
    const timer = clock.after(AGAIN_MS, () => {
      timers.delete(timer)
      for (const known of states.unreported()) void report(known)
    })
    timers.add(timer)
  }

  return {
    start() {
      for (const known of states.unreported()) void report(known)
    },
    committed() {
      for (const known of states.takeUnreported()) void report(known)
    },
    close() {
      closed = true
      for (const timer of timers) timer.cancel()
    },
  }
}
