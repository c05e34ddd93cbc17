/**
 * The composition root: configuration in, running parts out. It reads from top to bottom in start order; stopping runs
 * the same list in reverse.
 */
import type { IncomingMessage, RequestListener } from 'node:http'
import { authorize, createAuthenticate } from '../api/http/authenticate.ts'
import { createKeyLookup } from '../api/http/key-lookup.ts'
import { createStatus } from '../api/system/status.ts'
import { watchMaterialisation } from '../control-plane/drift/materialisation.ts'
import { isLoopback } from '../delivery/addresses.ts'
import { isCutOff } from '../kafka/protocol/reach.ts'
import { createLogPages } from '../kafka/read/log-pages.ts'
import { ClarionError } from '../model/codes.ts'
import { unlessStopped } from '../process/stopping.ts'
import { startAdmit } from './compose-admit.ts'
import { startApi } from './compose-api.ts'
import { withConsole } from './compose-console.ts'
import { startDeliver } from './compose-deliver.ts'
import { startQueue } from './compose-queue.ts'
import { startRecord } from './compose-record.ts'
import { startReports } from './compose-reports.ts'
import { startRun } from './compose-run.ts'
import { type Listener, listen, type Upgrade } from './listen.ts'
import { openLogs } from './open-logs.ts'
import { type Closing, type ComposeDeps, openParts, type Parts } from './parts.ts'
import { protectTopics } from './protect-topics.ts'

export interface Platform {
  /** Where the API listens; undefined in a process without that role. */
  address: string | undefined
  adminKey: string
  /** The parts that do not serve yet, in words. */
  missing(): string[]
  close(): Promise<void>
}

/** A broker may fail while a process starts: the start is retried unless the trouble lasts. */
const START_RETRY_MS = 60_000
const START_PAUSE_MS = 500

/** Handlers of the port of the process. */
interface Served {
  handler: RequestListener
  upgrade: Upgrade | undefined
}

/** Undefined: the process does not listen there. */
interface Listeners {
  api: Listener | undefined
  metrics: Listener | undefined
}

export async function compose(deps: ComposeDeps): Promise<Platform> {
  const { clock, logger, stop } = deps
  const closing: Closing = []
  const close = async () => {
    for (const each of closing.splice(0).reverse())
      await each().catch(error => logger.warn({ error: String(error) }, 'a part did not stop cleanly'))
  }
  const listeners = await openListeners(deps)
  const deadlineMs = clock.monotonicMs() + START_RETRY_MS
  for (;;) {
    try {
      return { ...(await unlessStopped(start(deps, listeners, closing), stop)), close }
    } catch (error) {
      await close()
      if (stop?.aborted || !isPassing(error) || clock.monotonicMs() > deadlineMs) {
        await Promise.all([listeners.api?.close(), listeners.metrics?.close()])
        throw error
      }
      deps.progress.warn(`Kafka went away during the start (${(error as Error).message}); starting again`)
      await clock.sleep(START_PAUSE_MS)
    }
  }
}

async function openListeners({ config, clock }: ComposeDeps): Promise<Listeners> {
  const { host, port, metricsPort } = config
  const api = port === undefined ? undefined : await listen({ host, port, clock })
  if (metricsPort === undefined) return { api, metrics: undefined }
  const metrics = await listen({ host, port: metricsPort, clock, setting: 'METRICS_PORT' }).catch(async error => {
    await api?.close()
    throw error
  })
  return { api, metrics }
}

async function start(deps: ComposeDeps, listeners: Listeners, closing: Closing): Promise<Omit<Platform, 'close'>> {
  const bound = [listeners.api, listeners.metrics].flatMap(each => (each === undefined ? [] : [each.bound]))
  const parts = await openParts(deps, closing, bound)
  const { roles } = deps.config
  if (roles.includes('record')) startRecord(parts)
  if (roles.includes('deliver')) startDeliver(parts)
  if (roles.includes('run')) startRun(parts)
  const logs = roles.includes('queue') || roles.includes('api') ? await openLogs(parts) : undefined
  if (logs && roles.includes('queue')) startQueue(parts, logs)
  if (roles.includes('admit')) startAdmit(parts)
  if (roles.includes('api') || roles.includes('admit')) startProtecting(parts)
  startReports(parts)
  startComparing(parts)
  const openMetrics = listeners.api === undefined || isLoopback(listeners.api.bound.host)
  const served =
    logs && roles.includes('api')
      ? await startApi(parts, logs, openMetrics).then(api => ({ ...api, handler: withConsole(parts, api.handler) }))
      : { handler: statusAlone(parts, openMetrics), upgrade: undefined }
  serve(parts, listeners, served)
  return {
    address: listeners.api?.url,
    adminKey: parts.backends.adminKey,
    missing: () => parts.missing.map(each => each()).filter(each => each !== undefined),
  }
}

function startProtecting(parts: Parts): void {
  const protecting = protectTopics(parts)
  parts.closing.push(async () => protecting.close())
}

function startComparing({ controlPlane, wire, closing, ...parts }: Parts): void {
  const watch = watchMaterialisation({ ...parts, drift: controlPlane.drift, pages: createLogPages({ ...parts, wire }) })
  closing.push(() => watch.close())
}

/**
 * For a process without the role `api`: health, readiness and metrics, the last with the operator's key unless they are
 * open.
 */
function statusAlone(
  { view, clock, backends, config, missing, ailing, metrics }: Parts,
  openMetrics: boolean,
): RequestListener {
  const keys = createKeyLookup({ view, clock, adminKey: backends.adminKey })
  const authenticate = createAuthenticate({ keys, clock, aliasKeyHeader: config.aliasKeyHeader })
  const authorizeMetrics = ({ headers, socket }: IncomingMessage) =>
    authorize(authenticate(headers, socket.remoteAddress), 'operator')
  const degraded = () => ailing.flatMap(each => each())
  return createStatus({ missing, degraded, metrics, authorizeMetrics: openMetrics ? undefined : authorizeMetrics })
}

function serve({ missing, metrics, closing, draining }: Parts, listeners: Listeners, served: Served): void {
  for (const listener of [listeners.api, listeners.metrics])
    if (listener !== undefined) closing.push(() => listener.close())
  closing.push(() => Promise.all(draining.map(each => each())))
  listeners.metrics?.serve(createStatus({ missing, metrics }))
  listeners.api?.serve(served.handler, served.upgrade)
}

/** The broker is away, or temporarily refuses a change of the control plane. */
const isPassing = (error: unknown): boolean =>
  isCutOff(error) || (error instanceof ClarionError && error.code === 'service_unavailable')
