/** `client.workflows`. */
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type {
  CallOptions,
  DebugInput,
  Deployment,
  DryRunParams,
  Evaluated,
  Evaluation,
  Json,
  NewWorkflow,
  Paging,
  Run,
  RunFilter,
  RunSummary,
  Secret,
  Variable,
  Workflow,
  WorkflowDraft,
  WorkflowDryRun,
  WorkflowSettings,
  WorkflowVersion,
} from './types.ts'
import { createWatchRun } from './watch-run.ts'

type Removed = { name: string; deleted: true }

/** The platform waits for 25 s. */
const DEBUG_TIMEOUT_MS = 35_000

export function createWorkflows(send: Send, watch: Parameters<typeof createWatchRun>[0]) {
  const calls = createCalls(send, '/workflows')
  return {
    create: (input: NewWorkflow, options?: CallOptions) => calls.postOnce<Workflow>('', input, options),
    /** Without their definitions. */
    list: (query: Paging = {}, options: CallOptions = {}) => calls.list<Workflow>('', query, options),
    each: (query: Paging = {}, options: CallOptions = {}) => calls.each<Workflow>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<Workflow>(at(id), options),
    update: (id: string, patch: WorkflowSettings, options?: CallOptions) =>
      calls.patch<Workflow>(at(id), patch, options),
    delete: (id: string, options?: CallOptions) => calls.delete<{ id: string; deleted: true }>(at(id), options),
    /** Saves the draft, finished or not; `ifMatch` is the draft's revision. Its findings are in the answer. */
    saveDraft: (id: string, definition: unknown, options?: CallOptions & { pins?: Record<string, unknown> }) =>
      calls.put<WorkflowDraft>(
        `${at(id)}/draft`,
        { definition, ...(options?.pins === undefined ? {} : { pins: options.pins }) },
        options,
      ),
    /** Makes the draft the next version. Not retried when it may have succeeded. */
    deploy: (id: string, input: { ifHash?: string; activate?: boolean } = {}, options?: CallOptions) =>
      calls.postOnce<Deployment>(`${at(id)}/deploy`, input, options),
    /** Deploys an older version's definition again, as the next version. */
    rollback: (id: string, version: number, options?: CallOptions) =>
      calls.postOnce<Deployment>(`${at(id)}/rollback`, { version }, options),
    undeploy: (id: string, options?: CallOptions) => calls.postOnce<Workflow>(`${at(id)}/undeploy`, undefined, options),
    activate: (id: string, options?: CallOptions) => calls.post<Workflow>(`${at(id)}/activate`, undefined, options),
    deactivate: (id: string, options?: CallOptions) => calls.post<Workflow>(`${at(id)}/deactivate`, undefined, options),
    /** Newest first, each with the keys of the actions that it changed. */
    versions: (id: string, query: Paging = {}, options: CallOptions = {}) =>
      calls.list<WorkflowVersion>(`${at(id)}/versions`, query, options),
    /** With its definition, and what it changed in the version before. */
    version: (id: string, version: number, options?: CallOptions) =>
      calls.get<WorkflowVersion & { definition: Json }>(`${at(id)}/versions${at(String(version))}`, options),
    /** Which workflows an event would start, and why the others not. */
    evaluate: (input: Evaluation, options?: CallOptions) => calls.post<Evaluated>('/evaluate', input, options),
    /** Which actions would run with these params; nothing runs. */
    dryRun: (id: string, input: DryRunParams, options?: CallOptions) =>
      calls.post<WorkflowDryRun>(`${at(id)}/dry-run`, input, options),
    /** Starts the live version by hand. Not retried when it may have succeeded. */
    run: (id: string, params: Json = {}, options?: CallOptions) =>
      calls.postOnce<{ runId: string }>(`${at(id)}/run`, { params }, options),
    /** Of all workflows, newest first. */
    runs: (query: RunFilter & { workflowId?: string } = {}, options: CallOptions = {}) =>
      calls.list<RunSummary>('/runs', query, options),
    runsOf: (id: string, query: RunFilter = {}, options: CallOptions = {}) =>
      calls.list<RunSummary>(`${at(id)}/runs`, query, options),
    /** With its steps. */
    getRun: (runId: string, options?: CallOptions) => calls.get<Run>(`/runs${at(runId)}`, options),
    /** `run`: as it has ended; absent where no process has answered yet. */
    cancelRun: (runId: string, options?: CallOptions) =>
      calls.post<{ runId: string; run?: Run }>(`/runs${at(runId)}/cancel`, undefined, options),
    /** A new run with the same params; `from`, the key of an action, takes over the answers before it. */
    retryRun: (runId: string, input: { useLatest?: boolean; from?: string } = {}, options?: CallOptions) =>
      calls.postOnce<{ runId: string }>(`/runs${at(runId)}/retry`, input, options),
    watchRun: createWatchRun(watch),
    /** Runs the draft and shows each step; `runId` alone where the run goes on after 25 s. */
    debug: async (id: string, body: DebugInput = {}, { signal }: CallOptions = {}) => {
      const path = `/workflows${at(id)}/debug`
      const request = { method: 'POST', path, body, onlyOnce: true, timeoutMs: DEBUG_TIMEOUT_MS, signal } as const
      return (await send<Run | { runId: string }>(request)).data
    },
    /** Params to debug with: an example of the event, the last one, or those of a run. */
    debugParams: async (
      id: string,
      query: { from: 'schema' | 'event' | 'run'; runId?: string },
      options: CallOptions = {},
    ) => {
      const request = {
        method: 'GET',
        path: `/workflows${at(id)}/debug-params`,
        query,
        signal: options.signal,
      } as const
      return (await send<{ params: unknown }>(request)).data.params
    },
  }
}

/** `client.variables`: what definitions read as `$env.NAME`. */
export function createVariables(send: Send) {
  const calls = createCalls(send, '/variables')
  return {
    set: (name: string, value: string, options?: CallOptions) => calls.put<Variable>(at(name), { value }, options),
    list: (query: Paging = {}, options: CallOptions = {}) => calls.list<Variable>('', query, options),
    get: (name: string, options?: CallOptions) => calls.get<Variable>(at(name), options),
    delete: (name: string, options?: CallOptions) => calls.delete<Removed>(at(name), options),
  }
}

/** `client.secrets`: as variables, but a value is never answered. */
export function createSecrets(send: Send) {
  const calls = createCalls(send, '/secrets')
  return {
    set: (name: string, value: string, options?: CallOptions) => calls.put<Secret>(at(name), { value }, options),
    list: (query: Paging = {}, options: CallOptions = {}) => calls.list<Secret>('', query, options),
    get: (name: string, options?: CallOptions) => calls.get<Secret>(at(name), options),
    delete: (name: string, options?: CallOptions) => calls.delete<Removed>(at(name), options),
  }
}
