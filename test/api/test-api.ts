import type { AnalyticsClient } from '../../src/analytics/client.ts'
import type { Route } from '../../src/api/http/route.ts'
import type { ControlPlane } from '../../src/control-plane/control-plane.ts'
import type { IngressTags } from '../../src/events/ingress.ts'
import type { VerdictWaiter } from '../../src/ingress/verdict-waiter.ts'
import type { Appender } from '../../src/kafka/ports.ts'
import type { ConnectionTimings } from '../../src/streaming/hub/connection.ts'
import type { Streaming } from '../../src/streaming/streaming.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { OutcomeRow } from '../../topics/outcomes.ts'
import type { ControlProcess } from '../control-plane/control-plane-harness.ts'
import type { CallAs } from './api-caller.ts'

export interface TestApi extends ControlProcess {
  base: string
  routes: readonly Route[]
  controlPlane: ControlPlane
  tags: IngressTags
  appender: Appender
  outcomes: VerdictWaiter
  analytics: AnalyticsClient
  /** Positions in place of admission's: `topic/partition` → position. */
  positions: Map<string, number>
  used: Map<string, number>
  /** The newest sequence numbers in place of admission's: `organization/environment` → number. */
  sequences: Map<string, number>
  streaming: Streaming
  missing: string[]
  /** Tests of webhooks, as they would be recorded. */
  tested: AttemptRow[]
  /** The next appends are refused. */
  refuseAppends(refuse: boolean): void
  as(key: string | undefined): CallAs
  operator: CallAs
  organization(plan?: string): Promise<{ id: string; slug: string; apiKey: string; call: CallAs }>
  /** Writes a verdict, as admission would. */
  answer(row: OutcomeRow): Promise<void>
}

export interface TestApiOptions {
  /** See `ApiDeps`; true unless given. */
  openMetrics?: boolean
  /** Addresses that webhooks may reach besides the public internet. */
  egress?: { allow: string[]; allowHttp: boolean }
  timeScale?: number
  /** Of streams; those of the platform by default. */
  streamTimings?: Partial<ConnectionTimings>
  referenceDomain?: 'on' | 'off'
  /** The handlers' client of the history, of this database; the test's own by default. */
  openHistory?(database: string): AnalyticsClient
}
