/** What the steps of admission pass along: an emit, and what becomes of it. */

import type { ChainLink } from '../../src/events/chain.ts'
import type { IngressEmit } from '../../src/events/ingress-emit.ts'
import type { LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import type { Code, Finding } from '../../src/model/codes.ts'
import type { IngressPlace } from '../../src/model/ids.ts'
import type { Environment, Organization, Registration } from '../../src/model/records.ts'
import type { HeldKey } from '../../topics/admission-keys.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'

/** A record of the ingress, as it came, or one of `platform.emits`. */
export interface Emit {
  record: LogRecord
  place: IngressPlace
  emitId: string
  organizationId: string
  environment: Environment
  request: IngressEmit
  /** Empty when the record has no value. */
  payload: Buffer
  /** Broker append time, ms: what months and retention go by. */
  recordedAtMs: number
  judgedAtMs: number
  /** Where in the organization's log it goes. */
  logPartition: number
  logKey: Buffer | string | null
  /** What the platform says of it; undefined: it came in by the organization's own ingress. */
  platform: PlatformEmit | undefined
}

export interface Rejection {
  verdict: 'rejected'
  code: Code
  message: string
  findings?: Finding[]
  /** The failed emit whose key this one has: its answer is repeated, and it is the one to redrive. */
  repeats?: string
  /** When it is the quota that objects. */
  quota?: { used: number; limit: number }
}

/** What is known of a rejected or failed emit when the judging ended. */
export interface Progress {
  organization?: Organization
  registration?: Registration
  chain?: ChainLink
  /** Told with the answer. */
  warnings?: string[]
}

export interface Acceptance {
  verdict: 'accepted'
  event: EventFacts
  /** Webhooks that match, in registry order, and those that would but for a reason. */
  webhookIds: string[]
  skipped: Array<{ webhookId: string; reason: string }>
  quota: { used: number; limit: number | null }
  heldKey: HeldKey | undefined
}

export interface Duplicate {
  verdict: 'duplicate'
  original: HeldKey
  /** As it stands: a duplicate is free. */
  quota: { used: number; limit: number | null }
}

/** What goes to federation peers besides (C.1.4): relays to other organizations, and the ids of external peers' webhooks. */
export interface Federated {
  records: OutRecord[]
  webhookIds: string[]
  skipped: Array<{ webhookId: string; reason: string }>
}

/** Could not be written to the log; kept for redrive. */
export interface Failure {
  verdict: 'failed'
  code: 'bus_relay_failed'
  message: string
  /** A failed emit keeps its key (C.11.4); it has no sequence number, which 0 stands for. */
  heldKey?: HeldKey | undefined
}

export type Verdict = Acceptance | Duplicate | Rejection | Failure

export const reject = (code: Code, message: string, findings?: Finding[]): Rejection => ({
  verdict: 'rejected',
  code,
  message,
  ...(findings ? { findings } : {}),
})
