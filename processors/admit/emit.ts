/** The types that the steps of admission pass along: an emit and its verdict. */

import type { ChainLink } from '../../src/events/chain.ts'
import type { IngressEmit } from '../../src/events/ingress-emit.ts'
import type { Refusal } from '../../src/ingress/emit-rules.ts'
import type { LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import type { Code, Finding } from '../../src/model/codes.ts'
import type { Environment } from '../../src/model/environments.ts'
import type { IngressPosition } from '../../src/model/ids.ts'
import type { Organization } from '../../src/model/organizations.ts'
import type { Registration } from '../../src/model/registrations.ts'
import type { HeldKey } from '../../topics/admission-keys.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import type { MatchedWorkflows } from './match-workflows.ts'

/** A record of the ingress as it came, or a record of `platform.emits`. */
export interface Emit {
  record: LogRecord
  position: IngressPosition
  emitId: string
  organizationId: string
  environment: Environment
  request: IngressEmit
  /** Empty when the record has no value. */
  payload: Buffer
  /** Broker append time, ms; months and retention are computed from it. */
  recordedAtMs: number
  judgedAtMs: number
  /** The partition of the organization's log that it goes to. */
  logPartition: number
  logKey: Buffer | string | null
  /** Set for platform emits; undefined: it came by the organization's own ingress. */
  platform: PlatformEmit | undefined
}

export interface Rejection {
  verdict: 'rejected'
  code: Code
  message: string
  findings?: Finding[]
  /** The failed emit that holds this one's key: its answer is repeated, and it can be redriven. */
  repeats?: string
  /** Set when the quota is the reason. */
  quota?: { used: number; limit: number }
}

/** The details known of a rejected or failed emit when validation ended. */
export interface Progress {
  organization?: Organization
  registration?: Registration
  chain?: ChainLink
  /** Returned with the answer. */
  warnings?: string[]
}

export interface Acceptance {
  verdict: 'accepted'
  event: EventFacts
  /** Matching webhooks in registry order, and those that matched but are excluded for a reason. */
  webhookIds: string[]
  skipped: Array<{ webhookId: string; reason: string }>
  /** The workflows that it starts, in the versions that are live now, and those that record that it does not. */
  workflows: MatchedWorkflows
  quota: { used: number; limit: number | null }
  heldKey: HeldKey | undefined
}

export interface Duplicate {
  verdict: 'duplicate'
  original: HeldKey
  /** The quota as it is: a duplicate is free. */
  quota: { used: number; limit: number | null }
}

/** Targets in federation: relays to other organizations, and the ids of external peers' webhooks. */
export interface Federated {
  records: OutRecord[]
  webhookIds: string[]
  skipped: Array<{ webhookId: string; reason: string }>
}

/** The event could not be written to the log; kept for redrive. */
export interface Failure {
  verdict: 'failed'
  code: 'bus_relay_failed'
  message: string
  /** A failed emit keeps its key. It has no sequence number; 0 means none. */
  heldKey?: HeldKey | undefined
}

export type Verdict = Acceptance | Duplicate | Rejection | Failure

/** The verdict of a rule that `admit` shares with dry runs. */
export const rejected = ({ code, message, findings }: Refusal): Rejection => reject(code, message, findings)

export const reject = (code: Code, message: string, findings?: Finding[]): Rejection => ({
  verdict: 'rejected',
  code,
  message,
  ...(findings ? { findings } : {}),
})
