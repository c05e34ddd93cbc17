/** Input and output types of workflows, variables and secrets. */
import type { Finding } from './errors.ts'

export type WorkflowTrigger =
  | { kind: 'event'; event: string; version?: string; conditions?: Record<string, unknown> | null }
  | { kind: 'schedule'; cron: string; timeZone: string }
  | { kind: 'manual' }

export interface WorkflowSettings {
  name?: string
  description?: string | null
  trigger?: WorkflowTrigger
  allowSelfTrigger?: boolean
  priority?: number
  cooldownSeconds?: number | null
  maxRunsPerDay?: number | null
  concurrency?: {
    limit: number
    key?: string | null
    overflow?: 'queue' | 'skip'
    whileWaiting?: 'release' | 'hold'
  } | null
  /** 1–3,600; default 300. */
  timeoutSeconds?: number
  strict?: boolean
  recordSkips?: boolean
  catchUp?: 'last' | 'none' | 'all'
  /** By `<namespace>.<name>`: a JSON Schema of what it needs of that event. */
  contracts?: Record<string, object> | null
}

export interface NewWorkflow extends WorkflowSettings {
  name: string
  trigger: WorkflowTrigger
  /** Kept as the draft. */
  definition?: unknown
}

/** An error prevents a deploy, a warning does not. */
export interface WorkflowFinding extends Finding {
  severity: 'error' | 'warning'
}

export interface WorkflowDraft {
  /** Of the draft alone; the first save is 1. */
  revision: number
  hash: string
  bytes: number
  findings: WorkflowFinding[]
  /** Outputs by action key, for debug runs. */
  pins: Record<string, unknown>
  updatedAt: string
  updatedBy: string
  /** Absent in lists. */
  definition?: unknown
}

export interface Workflow {
  id: string
  organizationId: string
  environment: 'live' | 'test'
  revision: number
  name: string
  description: string | null
  trigger: WorkflowTrigger
  active: boolean
  contracts: Record<string, object>
  draft: WorkflowDraft | null
  deployed: { version: number; hash: string; deployedAt: string; deployedBy: string } | null
  createdAt: string
  updatedAt: string
  [field: string]: unknown
}

export interface WorkflowChange {
  kind: 'added' | 'removed' | 'changed' | 'moved'
  key: string
  type?: string
  path?: string
  fields?: Array<{ path: string; before?: unknown; after?: unknown }>
}

export interface WorkflowVersion {
  workflowId: string
  version: number
  hash: string
  bytes: number
  deployedAt: string
  deployedBy: string
  /** The version whose definition this one repeats. */
  rollbackOf: number | null
  live: boolean
  /** Names of variables and secrets. */
  reads: string[]
  /** In the version before; null where that is not kept any more. */
  changes?: WorkflowChange[] | null
}

export interface Deployment extends WorkflowVersion {
  active: boolean
  warnings: WorkflowFinding[]
}

export interface Evaluation {
  /** `ns.name`, a canonical name, a built-in type, a lifecycle name, or the kind of a generic event. */
  event: string
  /** Default: the highest published one. */
  version?: string
  subject?: string | null
  payload: Record<string, unknown>
}

export interface Evaluated {
  canonicalName: string
  matched: Array<{ workflowId: string; name: string; version: number }>
  notMatched: Array<{ workflowId: string; name: string; reason: string; message: string }>
}

export interface DryRunParams {
  /** The payload of the event, or the params of a manual start. */
  params: Record<string, unknown>
  /** Default: the draft. */
  version?: number
}

export interface WorkflowDryRun {
  /** Null: the draft. */
  version: number | null
  trigger: { matched: boolean; reason: string | null; message: string | null }
  actions: Array<{
    key: string
    type: string
    path: string
    effect: 'pure' | 'transactional' | 'keyed' | 'outward' | 'reading'
    /** `depends`: on an answer that only a run has. */
    would: 'run' | 'skip' | 'depends'
    because: string | null
  }>
  findings: WorkflowFinding[]
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

export interface RunFilter {
  limit?: number
  cursor?: string
  status?: RunStatus
  mode?: 'live' | 'manual' | 'debug' | 'replay'
  /** Of the error that ended it. */
  code?: string
  eventId?: string
  /** `ns.name` or a canonical name. */
  event?: string
  replayId?: string
  /** Of the start; `to` is exclusive. */
  from?: string
  to?: string
}

export interface DebugInput {
  params?: Record<string, unknown>
  /** Key of an action: the run ends behind it. */
  stopAt?: string
  /** Outputs by action key. */
  mock?: Record<string, unknown>
  /** `mock`: nothing leaves the platform. */
  sideEffects?: 'execute' | 'mock'
  /** Events that it creates are real. */
  emit?: boolean
  /** In place of the draft. */
  definition?: unknown
}

export interface RunSummary {
  id: string
  workflowId: string
  workflowVersion: number
  environment: 'live' | 'test'
  mode: string
  trigger: {
    kind: string
    eventId?: string
    canonicalName?: string
    tick?: string
    parentRunId?: string
    replayId?: string
  }
  retryOf: string | null
  status: RunStatus
  skipReason: string | null
  startedAt: string
  finishedAt: string | null
  durationMs: number | null
  error: { actionKey: string | null; path: string | null; code: string; message: string } | null
  reason: string | null
  chainDepth: number
}

export interface Run extends RunSummary {
  params: unknown
  output: unknown
  warnings: Array<Record<string, unknown>>
  steps: RunStep[]
}

export interface RunStep {
  number: number
  actionKey: string
  /** `each[3]/charge` within a loop. */
  path: string
  type: string
  status: string
  attempts: number
  startedAt: string
  durationMs: number
  input: unknown
  output: unknown
  error: { code: string; message: string } | null
  branch: string | null
  /** Of debug runs: behind the step. */
  variables?: Record<string, unknown>
}

/** Without its steps. */
export type WatchedRun = Omit<Run, 'steps'>

export interface Variable {
  name: string
  environment: 'live' | 'test'
  revision: number
  value: string
  createdAt: string
  updatedAt: string
}

export type Secret = Omit<Variable, 'value'>
