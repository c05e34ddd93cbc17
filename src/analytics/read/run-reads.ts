/** Reads of runs (docs/specification/runs.md). */
import type { RunStatus, SkipReason } from '../../../topics/audit-runs.ts'
import { readCursor } from '../../model/cursors.ts'
import type { Owner } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Page, toPage } from './pages.ts'

/** Times are ISO 8601, UTC. */
export interface StoredRun {
  runId: string
  workflowId: string
  workflowVersion: number
  mode: string
  status: RunStatus
  skipReason: SkipReason | null
  triggerKind: string
  eventId: string | null
  canonicalName: string | null
  tick: string | null
  parentRunId: string | null
  retryOf: string | null
  startedAt: string
  finishedAt: string | null
  durationMs: number | string | null
  /** JSON, perhaps cut. */
  scopes: string
  output: string | null
  errorAction: string | null
  errorPath: string | null
  errorCode: string | null
  errorMessage: string | null
  reason: string | null
  chainDepth: number
  steps: number
  /** A JSON array. */
  warnings: string
}

export interface StoredStep {
  path: string
  number: number
  actionKey: string
  actionType: string
  status: string
  attempts: number
  startedAt: string
  durationMs: number | string
  /** JSON, perhaps cut. */
  input: string | null
  output: string | null
  errorCode: string | null
  errorMessage: string | null
  branch: string | null
}

export interface RunFilter {
  workflowId?: string | undefined
  status?: RunStatus | undefined
  mode?: string | undefined
  code?: string | undefined
  eventId?: string | undefined
  /** 1–1,000. */
  limit: number
  /** One of a page of the same `list`. */
  cursor?: string | undefined
  /** The list of all runs, or that of one workflow. */
  list: 'runs' | 'workflow-runs'
}

export function createRunReads(client: AnalyticsClient) {
  const runs = readQuery('runs')
  const steps = readQuery('run-steps')
  const NO_FILTER = { runId: null, workflowId: null, status: null, mode: null, code: null, eventId: null }
  const NO_PLACE = { beforeTime: null, beforeId: null }

  return {
    /** Newest first. Throws `validation_failed` for an invalid cursor. */
    async listRuns(owner: Owner, filter: RunFilter): Promise<Page<StoredRun>> {
      const { list, limit, cursor, workflowId = null, status = null, mode = null, code = null, eventId = null } = filter
      const [beforeTime = null, beforeId = null] = readCursor(list, cursor) ?? []
      const { organizationId, environment } = owner
      const found = await client.query<StoredRun>(runs, {
        ...{ ...NO_FILTER, workflowId, status, mode, code, eventId, organizationId, environment },
        ...{ beforeTime, beforeId, limit: limit + 1 },
      })
      return toPage(list, found, limit, ({ startedAt, runId }) => [startedAt, runId])
    },

    async runById({ organizationId, environment }: Owner, runId: string): Promise<StoredRun | undefined> {
      const parameters = { ...NO_FILTER, ...NO_PLACE, organizationId, environment, runId, limit: 1 }
      return (await client.query<StoredRun>(runs, parameters))[0]
    },

    async stepsOf({ organizationId, environment }: Owner, { runId, startedAt }: StoredRun): Promise<StoredStep[]> {
      return client.query<StoredStep>(steps, { organizationId, environment, runId, startedAt })
    },
  }
}
