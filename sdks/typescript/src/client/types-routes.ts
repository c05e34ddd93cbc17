/** Input and output types of API routes. */
import type { Workflow, WorkflowSettings } from './types-workflows.ts'

export interface RouteSettings extends Omit<WorkflowSettings, 'trigger' | 'recordSkips' | 'catchUp' | 'contracts'> {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Begins with `/`; a segment may be a `{parameter}`. */
  path?: string
  /** Default `api_key`: a key of the organization and environment with the scope `routes:call`. */
  auth?: 'api_key' | 'bearer' | 'none'
  /** JSON Schema 2020-12 of the body. */
  bodySchema?: Record<string, unknown> | null
  /** Of pages that may call it; `*`: all. */
  origins?: string[]
  ratePerSecond?: number | null
  /** 100–30,000; default 10,000. */
  responseTimeoutMs?: number
}

export interface NewRoute extends RouteSettings {
  method: NonNullable<RouteSettings['method']>
  path: string
  /** Kept as the draft. */
  definition?: unknown
}

/** As a run would read it. */
export interface RouteDryRunRequest {
  body?: unknown
  query?: Record<string, unknown>
  path?: Record<string, string>
  /** By names in lower case. */
  headers?: Record<string, string>
  /** Default: the draft. */
  version?: number
}

export interface RouteToken {
  id: string
  name: string
  hint: string
  createdAt: string
}

export interface NewRouteToken extends RouteToken {
  /** Shown once. */
  token: string
}

type Common =
  | ('id' | 'organizationId' | 'environment' | 'revision' | 'name' | 'description' | 'active' | 'draft')
  | ('deployed' | 'createdAt' | 'updatedAt')

export interface Route extends Pick<Workflow, Common> {
  method: NonNullable<RouteSettings['method']>
  path: string
  auth: NonNullable<RouteSettings['auth']>
  bodySchema: Record<string, unknown> | null
  origins: string[]
  ratePerSecond: number | null
  responseTimeoutMs: number
  /** The path on this platform, with the organization's slug. */
  servedAt: string
  tokens: RouteToken[]
  [field: string]: unknown
}
