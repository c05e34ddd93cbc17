/** `client.routes`: API routes, which are workflows that a request starts. */
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type {
  CallOptions,
  DebugInput,
  Deployment,
  Json,
  NewRoute,
  NewRouteToken,
  Paging,
  Route,
  RouteDryRunRequest,
  RouteSettings,
  Run,
  RunFilter,
  RunSummary,
  WorkflowDraft,
  WorkflowDryRun,
  WorkflowVersion,
} from './types.ts'

/** The platform waits for 25 s. */
const DEBUG_TIMEOUT_MS = 35_000

type Deleted = { id: string; deleted: true }

export function createRoutes(send: Send) {
  const calls = createCalls(send, '/routes')
  return {
    create: (input: NewRoute, options?: CallOptions) => calls.postOnce<Route>('', input, options),
    /** Without their definitions. */
    list: (query: Paging = {}, options: CallOptions = {}) => calls.list<Route>('', query, options),
    each: (query: Paging = {}, options: CallOptions = {}) => calls.each<Route>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<Route>(at(id), options),
    update: (id: string, patch: RouteSettings, options?: CallOptions) => calls.patch<Route>(at(id), patch, options),
    delete: (id: string, options?: CallOptions) => calls.delete<Deleted>(at(id), options),
    /** Saves the draft, finished or not; `ifMatch` is the draft's revision. Its findings are in the answer. */
    saveDraft: (id: string, definition: unknown, options?: CallOptions) =>
      calls.put<WorkflowDraft>(`${at(id)}/draft`, { definition }, options),
    /** Makes the draft the next version, which answers requests at once. Not retried when it may have succeeded. */
    deploy: (id: string, input: { ifHash?: string; activate?: boolean } = {}, options?: CallOptions) =>
      calls.postOnce<Deployment>(`${at(id)}/deploy`, input, options),
    /** Deploys an older version's definition again, as the next version. */
    rollback: (id: string, version: number, options?: CallOptions) =>
      calls.postOnce<Deployment>(`${at(id)}/rollback`, { version }, options),
    undeploy: (id: string, options?: CallOptions) => calls.postOnce<Route>(`${at(id)}/undeploy`, undefined, options),
    activate: (id: string, options?: CallOptions) => calls.post<Route>(`${at(id)}/activate`, undefined, options),
    deactivate: (id: string, options?: CallOptions) => calls.post<Route>(`${at(id)}/deactivate`, undefined, options),
    /** Newest first, each with the keys of the actions that it changed. */
    versions: (id: string, query: Paging = {}, options: CallOptions = {}) =>
      calls.list<WorkflowVersion>(`${at(id)}/versions`, query, options),
    /** With its definition, and what it changed in the version before. */
    version: (id: string, version: number, options?: CallOptions) =>
      calls.get<WorkflowVersion & { definition: Json }>(`${at(id)}/versions${at(String(version))}`, options),
    /** Which actions would run with this request; nothing runs. */
    dryRun: (id: string, input: RouteDryRunRequest, options?: CallOptions) =>
      calls.post<WorkflowDryRun>(`${at(id)}/dry-run`, input, options),
    /** Runs the draft; params are `body`, `query`, `path` and `headers` of a request. `runId` alone after 25 s. */
    debug: async (id: string, body: DebugInput = {}, { signal }: CallOptions = {}) => {
      const path = `/routes${at(id)}/debug`
      const request = { method: 'POST', path, body, onlyOnce: true, timeoutMs: DEBUG_TIMEOUT_MS, signal } as const
      return (await send<Run | { runId: string }>(request)).data
    },
    runs: (id: string, query: RunFilter = {}, options: CallOptions = {}) =>
      calls.list<RunSummary>(`${at(id)}/runs`, query, options),
    /** The token is shown once. */
    createToken: (id: string, name: string, options?: CallOptions) =>
      calls.postOnce<NewRouteToken>(`${at(id)}/tokens`, { name }, options),
    deleteToken: (id: string, tokenId: string, options?: CallOptions) =>
      calls.delete<Deleted>(`${at(id)}/tokens${at(tokenId)}`, options),
  }
}
