/** Records of workflows, their versions, and the values that definitions read by `$env`. */
import type { Finding } from './codes.ts'
import type { ConditionGroup } from './conditions.ts'
import type { Environment } from './environments.ts'
import type { Stored } from './stored.ts'

/** See docs/specification/workflows.md#triggers. */
export type WorkflowTrigger =
  | {
      kind: 'event'
      /** One event: `ns.name`, a canonical name, a built-in type, a lifecycle name, or the bare kind of a generic event. */
      event: string
      /** `latest`, `*`, or `x.y.z`. */
      version: string
      conditions: ConditionGroup | null
    }
  | { kind: 'schedule'; cron: string; timeZone: string }
  | { kind: 'manual' }
  | RouteTrigger

export const ROUTE_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type RouteMethod = (typeof ROUTE_METHODS)[number]

/** The trigger of an API route (docs/specification/routes.md). */
export interface RouteTrigger {
  kind: 'route'
  method: RouteMethod
  /** `/orders/{id}` */
  path: string
  auth: 'api_key' | 'bearer' | 'none'
  /** JSON Schema 2020-12 of the body, and its hash; null: any body. */
  bodySchema: Record<string, unknown> | null
  bodySchemaHash: string | null
  /** Origins of pages that may call it; `*`: all. */
  origins: string[]
  ratePerSecond: number | null
  responseTimeoutMs: number
  tokens: RouteToken[]
}

/** The token itself is never stored; `hash` is its SHA-256 in hex. */
export interface RouteToken {
  id: string
  name: string
  hash: string
  /** The first characters, by which a person recognises it. */
  hint: string
  createdAt: string
}

export interface WorkflowConcurrency {
  limit: number
  /** A template; runs with the same value share the limit. Null: all runs of the workflow do. */
  key: string | null
  overflow: 'queue' | 'skip'
  whileWaiting: 'release' | 'hold'
}

/** A definition, deflated: every process holds the records of all workflows. */
export interface KeptDefinition {
  /** `deflateRaw` of its JSON, in base64. */
  deflated: string
  /** Bytes of the JSON. */
  bytes: number
  /** SHA-256 of the canonical JSON (RFC 8785), hex. */
  hash: string
}

/** A finding about a definition: an error prevents its deploy, a warning does not. */
export interface GradedFinding extends Finding {
  severity: 'error' | 'warning'
}

export interface WorkflowDraft extends KeptDefinition {
  /** Counts the saves; the revision of the workflow does not. */
  revision: number
  findings: GradedFinding[]
  /** Outputs by action key, for debug runs; absent: none. */
  pins?: Record<string, unknown>
  updatedAt: string
  updatedBy: string
}

/** See docs/specification/workflows.md#a-workflow. */
export interface Workflow extends Stored {
  environment: Environment
  name: string
  description: string | null
  trigger: WorkflowTrigger
  active: boolean
  allowSelfTrigger: boolean
  priority: number
  cooldownSeconds: number | null
  maxRunsPerDay: number | null
  concurrency: WorkflowConcurrency | null
  timeoutSeconds: number
  strict: boolean
  recordSkips: boolean
  /** By `<namespace>.<name>`: schemas of what it needs of an event. */
  contracts?: Readonly<Record<string, Record<string, unknown>>>
  /** Of schedules: ticks that passed while nothing ran. */
  catchUp: 'last' | 'none' | 'all'
  draft: WorkflowDraft | null
  deployed: { version: number; hash: string; deployedAt: string; deployedBy: string } | null
  /** The versions that are kept are those from `firstVersion` to `lastVersion`; 0: there was none yet. */
  firstVersion: number
  lastVersion: number
  /** Deleted: hidden, and removed with its versions once no run can need them. */
  deletedAt: string | null
}

/** Immutable. Its id is the workflow's and its number. */
export interface WorkflowVersion extends Stored, KeptDefinition {
  environment: Environment
  workflowId: string
  version: number
  deployedBy: string
  /** The version that it repeats. */
  rollbackOf: number | null
  /** Names of variables and secrets that the definition reads. */
  env: string[]
}

/** Its id is the environment and the name. */
export interface Variable extends Stored {
  environment: Environment
  name: string
  value: string
}

/** Its id is the environment and the name. */
export interface SealedSecret extends Stored {
  environment: Environment
  name: string
  /** AES-256-GCM, see `src/crypto/secret-box.ts`. */
  encryptedValue: string
}
