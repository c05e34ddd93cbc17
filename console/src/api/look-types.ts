/** Answers of inspectors, the platform's status, and the calls that look: dry emits, why, lineage. */
import type { Finding } from './call.ts'
import type { Environment } from './types.ts'

export interface EmitPreview {
  verdict: 'accepted' | 'rejected'
  code: string | null
  message: string | null
  findings: Finding[]
  quota: { used: number; limit: number | null }
  webhooks: Array<{ webhookId: string; name: string | null; matches: boolean; reason: string | null }>
  peers: Array<{ memberId: string; name: string | null }>
  warnings: string[]
}

export type WhyOutcome =
  | 'delivered'
  | 'pending'
  | 'held'
  | 'paused'
  | 'failed'
  | 'cancelled'
  | 'skipped'
  | 'not_matched'

export interface Why {
  webhookId: string
  name: string | null
  outcome: WhyOutcome
  reason: string | null
  sentence: string
  basis: 'recorded' | 'current'
}

export interface LineageNode {
  id: string
  kind: 'event' | 'run' | 'webhook' | 'peer'
  type: string | null
  depth: number
  status: string | null
  at: string | null
  closed: boolean
}

export interface LineageEdge {
  from: string
  to: string
  kind: 'caused' | 'delivered' | 'relayed' | 'ran'
}

export interface Lineage {
  nodes: LineageNode[]
  edges: LineageEdge[]
  folded: Array<{ parent: string; type: string; count: number }>
}

export interface Inspector {
  id: string
  revision: number
  environment: Environment
  name: string
  url: string
  answer: { status: number; headers: Record<string, string>; body: string; delayMs: number }
  failFirst: number
  received: number
  createdAt: string
  expiresAt: string
}

export interface InspectorRequest {
  id: string
  receivedAt: string
  method: string
  headers: Record<string, string>
  body?: string
  truncated: boolean
  signature: 'valid' | 'invalid' | 'none'
  deliveryId: string | null
}

export interface PlatformStatus {
  version: string
  processes: Array<{
    id: string
    roles: string[]
    version: string
    startedAt: string
    lastSeenAt: string
    missing: string[]
  }>
  roles: Array<{ role: string; shards: number; running: number; lagRecords: number; lagSeconds: number }>
  kafka: {
    version: string | null
    brokers: Array<{ id: number; host: string; alive: boolean }>
    offlinePartitions: number
    belowMinIsr: number
  }
  history: { reachable: boolean; behindSeconds: number | null }
  disk: Array<{ part: string; usedBytes: number; freeBytes: number }>
  checkedAt: string
}

/** A dry run of a redrive, a recovery or a replay. */
export interface SendPreview {
  count: number
  /** False: there are more, or settings have changed since. */
  countIsExact: boolean
  byType: Array<{ key: string; count: number }>
  byWebhook: Array<{ key: string; count: number }>
  oldestAt: string | null
  newestAt: string | null
  estimatedSeconds: number
  skipped: Array<{ reason: string; count: number }>
}

/** What an organization did in a time. */
export interface OrganizationLoad {
  organization: { id: string; slug: string; name: string; plan: string; limits: { emitsPerSecond: number | null } }
  emits: number
  emitsPerSecond: number
  rejected: number
  attempts: number
  failedAttempts: number
  deliveriesWaiting: number
  storedBytes: number
}

export interface LoadGroup {
  group: string
  emits: number
  rejected: number
  bytes: number
}
