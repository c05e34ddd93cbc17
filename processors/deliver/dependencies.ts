/** Dependencies of `deliver` on the process in which it runs. */
import type { Clock, Random } from '../../src/clock.ts'
import type { ReportHealth } from '../../src/control-plane/webhooks/webhook-health.ts'
import type { SecretBox } from '../../src/crypto/secret-box.ts'
import type { Sender } from '../../src/delivery/send.ts'
import type { ChainTokens } from '../../src/events/chain.ts'
import type { Logger } from '../../src/logger.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Ids } from '../../src/model/ids.ts'
import type { SendNotification } from '../../src/notifications/send-notification.ts'
import type { Tracing } from '../../src/observability/tracing/tracing.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { CatchUpSources } from './catch-up/catch-ups.ts'
import type { FedOutcome } from './catch-up/owing.ts'
import type { DeliverLimits } from './limits.ts'
import type { DeliverFigures } from './metrics.ts'
import type { ReportChannel } from './notify/channel-reports.ts'

export interface DeliverDependencies {
  view: ControlView
  secrets: SecretBox
  sender: Sender
  chains: ChainTokens
  clock: Clock
  /** Added to the broker's time of each record (`CLARION_CLOCK_OFFSET_MS`). */
  clockOffsetMs?: number
  random: Random
  ids: Ids
  /** Shortens delays (`CLARION_TIME_SCALE`). */
  timeScale: number
  logger: Logger
  catchUp: CatchUpSources
  /** Reports the health of an endpoint to the control plane. */
  reportHealth: ReportHealth
  /** Hands a notification to its channel. */
  sendNotification: SendNotification
  /** Reports the health of a channel to the control plane. */
  reportChannel: ReportChannel
  limits?: Partial<DeliverLimits>
  tracing?: Tracing | undefined
  /** After each attempt, before its transaction has committed. */
  onAttempt?(row: AttemptRow, isFed: boolean): void
  /** This many deliveries have ended in bulk. */
  onBulkEnd?(reason: string, count: number): void
  /** A webhook begins to wait, is fed, or is live again. */
  onTransition?(from: string, to: string): void
  /** An attempt of an owed delivery has ended. */
  onFed?(outcome: FedOutcome, isProbe: boolean): void
  /** A notification has ended. */
  onNotification?(type: string, status: string): void
  /** An event of a replay is dealt with, without a delivery. */
  onReplayItem?(target: string, outcome: string): void
  /** A candidate got a delivery besides, or it was left out. */
  onShadow?(answer: string): void
  /** Called once; the metrics may be read at any time. */
  watch?(figures: DeliverFigures): void
}
