/** The parts of the answers about queues, workflows, runs, drift and the marketplace that the screens read. */
import type { JsonText } from './exact-json.ts'
import type { Environment, Registration } from './types.ts'

export interface Queue {
  id: string
  environment: Environment
  name: string
  selectors: string[]
  visibilityTimeoutSeconds: number
  maxReceives: number
  retentionHours: number
  ordered: boolean
  deadLetterQueueId: string | null
  active: boolean
  /** False: the plan has fewer queues. */
  receivable: boolean
  createdAt: string
}

export interface QueueStats {
  ready: number
  approximate: boolean
  inFlight: number
  delayed: number
  held: number
  dead: number
  oldestReadyAt: string | null
  handedOut: number
  acked: number
  expired: number
  purged: number
  waitingReceives: number
}

/** Named `data` in a call, the payload is text. */
interface Message {
  id: string
  type: string
  sequence?: number
  subject?: string | null
  data?: JsonText
}

export interface PeekedMessage extends Message {
  receiveCount: number
}

export interface QueueDeadLetter {
  eventId: string
  receiveCount: number
  reason: 'max_receives' | 'rejected'
  deadAt: string
  event: Message | null
}

export interface WorkflowFinding {
  path: string
  message: string
  severity: 'error' | 'warning'
}

export interface Workflow {
  id: string
  name: string
  description: string | null
  trigger: { kind: 'event' | 'schedule' | 'manual'; event?: string; cron?: string; timeZone?: string }
  active: boolean
  timeoutSeconds: number
  maxRunsPerDay: number | null
  deployed: { version: number; hash: string; deployedAt: string; deployedBy: string } | null
  stats: { runs: number; failed: number; lastRunAt: string | null; lastStatus: RunStatus | null } | null
  /** With its definition as text where one workflow was asked for. */
  draft: {
    revision: number
    hash: string
    findings: WorkflowFinding[]
    updatedAt: string
    definition?: JsonText
  } | null
  createdAt: string
}

export interface WorkflowVersion {
  version: number
  deployedAt: string
  deployedBy: string
  rollbackOf: number | null
  live: boolean
  changes: Array<{ kind: 'added' | 'removed' | 'changed' | 'moved'; key: string }> | null
}

export type RunStatus =
  | 'queued'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'timed_out'
  | 'truncated'
  | 'skipped'

export interface RunSummary {
  id: string
  workflowId: string
  workflowVersion: number
  mode: string
  trigger: { kind: string; eventId?: string; canonicalName?: string; replayId?: string; parentRunId?: string }
  retryOf: string | null
  status: RunStatus
  skipReason: string | null
  startedAt: string
  finishedAt: string | null
  durationMs: number | null
  error: { actionKey: string | null; path: string | null; code: string; message: string } | null
  reason: string | null
}

export interface RunStep {
  number: number
  actionKey: string
  path: string
  type: string
  status: string
  attempts: number
  startedAt: string
  durationMs: number
  input?: JsonText
  output?: JsonText
  error: { code: string; message: string } | null
  branch: string | null
}

export interface Run extends RunSummary {
  params?: JsonText
  output?: JsonText
  steps: RunStep[]
}

export type DriftSeverity = 'info' | 'warning' | 'critical'
export type DriftStatus = 'open' | 'acknowledged' | 'resolved' | 'ignored'

export interface DriftFinding {
  id: string
  kind: string
  severity: DriftSeverity
  entityType: string
  entityId: string
  canonicalName: string | null
  message: string
  expected: Record<string, unknown> | null
  actual: Record<string, unknown> | null
  diff: Array<{ path: string; change: string }>
  proposal: Record<string, unknown> | null
  firstSeenAt: string
  lastSeenAt: string
  occurrences: number
  status: DriftStatus
  note: string | null
}

export interface DriftSummary {
  open: number
  bySeverity: Record<DriftSeverity, number>
  lastDetectedAt: string | null
}

interface License {
  spdx?: string | null
  custom?: string | null
  requiresAcceptance?: boolean
}

export interface Listing {
  id: string
  publisherDisplayName: string
  namespace: string
  name: string
  version: string
  title: string
  description: string
  tags: string[]
  license: License | null
  changelog: string | null
  status: 'published' | 'unpublished' | 'archived'
  forkCount: number
  publishedAt: string
  isOwn: boolean
  takedownReason: string | null
}

export interface ListingInFull extends Listing {
  payloadSchema: JsonText
  payloadExample: JsonText
  versions: Array<{ id: string; version: string; status: string; publishedAt: string }>
}

export interface Fork {
  id: string
  listingId: string
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  publisherDisplayName: string
  forkedAt: string
}

export interface MadeFork {
  fork: Fork
  registration: Registration
}
