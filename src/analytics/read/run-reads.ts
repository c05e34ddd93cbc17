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
  replayId: string | null
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
  /** JSON, perhaps cut; of debug runs. */
  variables: string | null
}

/** Runs that have ended, but skipped and debug ones. */
export interface WorkflowActivity {
  runs: number
  /** Runs that failed, ran out of time or were truncated. */
  failed: number
  lastRunAt: string
  lastStatus: RunStatus
}

export interface RunFilter {
  workflowId?: string | undefined
  status?: RunStatus | undefined
  mode?: string | undefined
  code?: string | undefined
  eventId?: string | undefined
  /** `ns.name` or a canonical name. */
  eventName?: string | undefined
  replayId?: string | undefined
  /** Of the start; `to` is exclusive. */
  from?: string | null | undefined
  to?: string | null | undefined
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
  const activity = readQuery('workflow-activity')
  const NO_FILTER = {
    ...{ runId: null, workflowId: null, status: null, mode: null, code: null, eventId: null, eventName: null },
    ...{ replayId: null, fromTime: null, toTime: null },
  }
  const NO_PLACE = { beforeTime: null, beforeId: null }

  return {
    /** Newest first. Throws `validation_failed` for an invalid cursor. */
    async listRuns(owner: Owner, filter: RunFilter): Promise<Page<StoredRun>> {
      const { list, limit, cursor, from: fromTime = null, to: toTime = null, ...rest } = filter
      const [beforeTime = null, beforeId = null] = readCursor(list, cursor) ?? []
      const { organizationId, environment } = owner
      const found = await client.query<StoredRun>(runs, {
        ...{ ...NO_FILTER, ...given(rest), fromTime, toTime, organizationId, environment },
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

    /** By workflow; those that never ran are left out. Rejects after a second. */
    async workflowActivity(
      { organizationId, environment }: Owner,
      workflowIds: readonly string[],
    ): Promise<Map<string, WorkflowActivity>> {
      if (workflowIds.length === 0) return new Map()
      const parameters = { organizationId, environment, workflowIds: [...workflowIds] }
      const found = await client.query<WorkflowActivity & { workflowId: string }>(
        activity,
        parameters,
        ACTIVITY_TIMEOUT_MS,
      )
      return new Map(
        found.map(({ workflowId, runs: count, failed, lastRunAt, lastStatus }) => [
          workflowId,
          { runs: Number(count), failed: Number(failed), lastRunAt, lastStatus },
        ]),
      )
    },
  }
}

/** Figures are an extra in the answer, so callers do not wait longer for them. */
const ACTIVITY_TIMEOUT_MS = 1_000

const given = (filter: Record<string, unknown>): Record<string, string | null> =>
  Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, (value as string | undefined) ?? null]))
