/** What the role is given. */
import type { Clock } from '../../src/clock.ts'
import type { SecretBox } from '../../src/crypto/secret-box.ts'
import type { Caller } from '../../src/delivery/outbound-call.ts'
import type { Appender } from '../../src/kafka/ports.ts'
import type { Logger } from '../../src/logger.ts'
import type { Finding } from '../../src/model/codes.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Environment } from '../../src/model/environments.ts'
import type { Registration } from '../../src/model/registrations.ts'
import type { SandboxPool } from '../../src/sandbox/pool.ts'
import type { ForeignDatabases } from '../../src/tables/foreign.ts'
import type { TableSteps } from '../../src/tables/steps.ts'
import type { EndStatus } from '../../src/workflows/interpreter/run.ts'
import type { SkipReason } from '../../topics/audit-runs.ts'

export interface RunDependencies {
  view: ControlView
  secrets: Pick<SecretBox, 'decrypt'>
  caller: Caller
  tables: TableSteps
  /** Findings on the payload of an event, at most 20. */
  validate(registration: Registration, value: unknown): Finding[]
  foreign: ForeignDatabases
  /** Of answers that are in no transaction. */
  appender: Appender
  sandboxes: SandboxPool
  shards: number
  clock: Clock
  /** Added to the broker's time of each record (`CLARION_CLOCK_OFFSET_MS`). */
  clockOffsetMs: number
  /** Factor on the times that provisioning and scaling take in the reference domain. */
  timeScale: number
  /** What the history has of a month, by meter. */
  usageOf(organizationId: string, environment: Environment, month: string): Promise<Record<string, number>>
  logger: Logger
  observe: RunObserver
}

/** For metrics. */
export interface RunObserver {
  started(kind: string): void
  ended(status: EndStatus): void
  skipped(reason: SkipReason): void
  /** An attempt of a step that goes outside has been answered; the code is empty for a success. */
  attempt(type: string, code: string, seconds: number): void
  /** A change of the reference domain has announced itself. */
  domainEvent(type: string): void
  /** How late it was: a start behind its event's acceptance, a wake-up and a tick behind their times. */
  late(what: 'start' | 'wake' | 'tick', seconds: number): void
  /** Read at each scrape, over all shards of the process. */
  live(read: () => { active: number; waiting: number }): void
}
