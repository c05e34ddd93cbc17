/** Reading emits: their verdicts and states. */

import type { FederationFacts } from '../../../topics/deliveries.ts'
import type { Finding } from '../../model/codes.ts'
import { readCursor } from '../../model/cursors.ts'
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Filled, fillAtMost, type Page, toFilledPage } from './pages.ts'
import { rangeOf } from './ranges.ts'
import { readNameFilter } from './type-filter.ts'

/**
 * All states except REQUESTED: an emit without a row may still be in the ingress, which only its position there shows
 * (docs/specification/emit.md#emit-states).
 */
export const EMIT_STATES = ['RELAYED', 'DELIVERED', 'FAILED', 'REJECTED', 'DEDUPLICATED'] as const
export type EmitState = (typeof EMIT_STATES)[number]

/** A webhook that admission considered; `skipped` is the reason why it was not matched, null if it was. */
export interface ConsideredWebhook {
  webhookId: string
  skipped: string | null
}

/** Times are ISO 8601, UTC. `topics/audit-emits.ts` explains the fields. */
export interface EmitSummary {
  emitId: string
  eventId: string | null
  organizationId: string
  environment: Environment
  state: EmitState
  /** When the last delivery ended; null while one is open, and without deliveries. */
  completedAt: string | null
  verdict: 'accepted' | 'duplicate' | 'rejected' | 'failed'
  code: string | null
  message: string | null
  findings: Finding[] | null
  name: string
  requestedVersion: string | null
  canonicalName: string | null
  registrationId: string | null
  schemaVersion: string | null
  schemaHash: string | null
  kind: string | null
  sequence: number | null
  subject: string | null
  actorId: string
  source: string
  time: string
  recordedAt: string
  judgedAt: string
  idempotencyKey: string | null
  correlationId: string | null
  causationId: string | null
  /** For spans that follow; callers see the trace's id only. */
  traceparent: string | null
  traceId: string | null
  rootEventId: string | null
  depth: number
  channel: 'http' | 'kafka' | 'platform'
  requestId: string | null
  originalEmitId: string | null
  payloadBytes: number
  subscriberCount: number
  /** Set on an event from another organization. */
  federation: FederationFacts | null
  warnings: string[]
  /** Webhooks and workflows in its chain. */
  path: string[]
}

export interface Emit extends EmitSummary {
  webhooks: ConsideredWebhook[]
}

/** An emit that was looked up alone, with further facts. */
export interface EmitInFull {
  emit: Emit
  /** The emit is within the retention of attempts: a delivery without an attempt has not been tried. */
  attemptsAreKept: boolean
}

export interface EmitFilter {
  organizationId: string
  environment: Environment
  status?: EmitState | undefined
  /** A selector, or the name as it was emitted. */
  name?: string | undefined
  verdict?: EmitSummary['verdict'] | undefined
  code?: string | undefined
  channel?: EmitSummary['channel'] | undefined
  subject?: string | undefined
  keyId?: string | undefined
  correlationId?: string | undefined
  idempotencyKey?: string | undefined
  /** A webhook that it matched. */
  webhookId?: string | undefined
  /** Accepted, and matched by no webhook. */
  noSubscriber?: boolean | undefined
  /** ISO 8601: recorded at or after, recorded before. */
  from?: string | undefined
  to?: string | undefined
  /** At most 10,001. */
  limit: number
  cursor?: string | undefined
}

/** An entry of `recentFailures` in `GET …/health`. */
export interface RecentFailure {
  id: string
  canonicalName: string
  errorMessage: string | null
  createdAt: string
}

/** A row as ClickHouse returns it. */
type Found<Row extends EmitSummary> = Omit<Row, 'state' | 'findings' | 'federation' | 'attemptsAreKept'> & {
  attemptsAreKept?: boolean | 0 | 1
  finalState: 'DELIVERED' | 'FAILED' | null
  findings: string | null
  federation: string | null
}

export function createEmitReads(client: AnalyticsClient) {
  const byId = readQuery('emit-by-id')
  const payload = readQuery('payload')
  const ofName = readQuery('payloads-of-name')
  const any = { page: readQuery('list-emits'), window: readQuery('list-emits-window') }
  const relayed = { page: readQuery('list-emits-relayed'), window: readQuery('list-emits-relayed-window') }
  const ended = { page: readQuery('list-emits-ended'), window: readQuery('list-emits-ended-window') }
  const failedVerdicts = readQuery('recent-failed-verdicts')
  const undelivered = readQuery('recent-undelivered')

  /** Reads windows of emits that may match, until there are enough, or many have been looked at. */
  function find(
    { page, window }: { page: string; window: string },
    parameters: ListParameters,
  ): Promise<Filled<Found<EmitSummary>, string>> {
    return fillAtMost<Found<EmitSummary>, string>(parameters.limit, STATE_SCANS, WINDOWS_MAX, {
      async reach(scan, before) {
        const bound = { ...parameters, before: before ?? parameters.before, scan }
        const [found] = await client.query<{ scanned: number | string; reached: string }>(window, bound)
        return Number(found?.scanned ?? 0) < scan ? undefined : found?.reached
      },
      items: (limit, before, reached) =>
        client.query<Found<EmitSummary>>(page, {
          ...{ ...parameters, before: before ?? parameters.before, reached: reached ?? null, limit },
        }),
    })
  }

  /** The newest emits that were judged as failed, except those that a redrive has made an event of since. */
  async function findFailedVerdicts(
    organizationId: string,
    environment: Environment,
    limit: number,
  ): Promise<RecentFailure[]> {
    for (const scan of FAILED_SCANS) {
      const found = await client.query<RecentFailure & { isRedriven: 0 | 1 }>(failedVerdicts, {
        organizationId,
        environment,
        scan,
      })
      const failures = found.filter(each => !each.isRedriven).map(({ isRedriven: _, ...failure }) => failure)
      if (failures.length >= limit || found.length < scan) return failures.slice(0, limit)
    }
    return []
  }

  async function emitInFull(
    organizationId: string,
    environment: Environment,
    emitId: string,
  ): Promise<EmitInFull | undefined> {
    const [found] = await client.query<Found<Emit>>(byId, { organizationId, environment, emitId })
    return found && { emit: toEmit(found), attemptsAreKept: Boolean(found.attemptsAreKept) }
  }

  return {
    emitInFull,

    /** The emit with every webhook considered, or undefined. */
    emitById: async (organizationId: string, environment: Environment, emitId: string): Promise<Emit | undefined> =>
      (await emitInFull(organizationId, environment, emitId))?.emit,

    /**
     * The payload as it was sent, for 30 days; undefined afterwards, and for emits that were neither accepted nor
     * failed.
     */
    async payloadOf(organizationId: string, environment: Environment, emitId: string): Promise<string | undefined> {
      const [found] = await client.query<{ payload: string }>(payload, { organizationId, environment, emitId })
      return found?.payload
    },

    /** Newest first: payloads that the organization emitted under a name since `from`, of emits before `before`. */
    payloadsOfName(filter: {
      organizationId: string
      environment: Environment
      name: string
      from: string
      before: string | null
      limit: number
    }): Promise<Array<{ emitId: string; payload: string }>> {
      return client.query(ofName, filter)
    },

    /**
     * Newest first. A page that few emits match may be short: it goes on after `nextCursor`. Throws `validation_failed`
     * for an invalid cursor.
     */
    async listEmits(filter: EmitFilter): Promise<Page<EmitSummary>> {
      const { organizationId, environment, status, verdict, limit, cursor } = filter
      const [before = null] = readCursor('emits', cursor) ?? []
      const ofState = status === undefined ? undefined : VERDICT_OF[status as keyof typeof VERDICT_OF]
      if (ofState !== undefined && verdict !== undefined && ofState !== verdict) return { items: [], nextCursor: null }
      const chosen = { ...parametersOf(filter), verdict: verdict ?? ofState ?? null }
      const shared = { organizationId, environment, ...chosen, ...rangeOf(filter), before, limit: limit + 1 }
      const isPlain = Object.values(chosen).every(value => value === null || value === false)
      const found =
        status === 'RELAYED'
          ? await find(relayed, shared)
          : status === 'DELIVERED' || status === 'FAILED'
            ? await find(ended, { ...shared, state: status })
            : isPlain
              ? {
                  items: await client.query<Found<EmitSummary>>(any.page, { ...shared, reached: null }),
                  stoppedAt: undefined,
                }
              : await find(any, shared)
      const { items, stoppedAt } = found
      const rest = stoppedAt === undefined ? undefined : ([stoppedAt] as [string])
      return toFilledPage<EmitSummary, 'emits'>('emits', { items: items.map(toEmit), stoppedAt: rest }, limit, emit => [
        emit.emitId,
      ])
    },

    /** The last emits that failed, by verdict or because a delivery was exhausted, newest first. */
    async recentFailures(organizationId: string, environment: Environment, limit: number): Promise<RecentFailure[]> {
      const [judged, exhausted] = await Promise.all([
        findFailedVerdicts(organizationId, environment, limit),
        client.query<RecentFailure>(undelivered, { organizationId, environment, limit }),
      ])
      return [...judged, ...exhausted].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit)
    },
  }
}

type ListParameters = Record<string, unknown> & { before: string | null; limit: number }

const EVERYTHING = 0xffff_ffff
/** Emits with deliveries, or completions of a state, scanned per query. */
const STATE_SCANS = [50_000, 250_000]
/** The same for failed verdicts that a redrive may have changed. */
const FAILED_SCANS = [20, EVERYTHING]

/** Some two million rows for one page. */
const WINDOWS_MAX = 9

function parametersOf({ name, webhookId, noSubscriber = false, ...filter }: EmitFilter) {
  const { code = null, channel = null, subject = null, keyId = null } = filter
  const { correlationId = null, idempotencyKey = null } = filter
  return {
    ...readNameFilter(name ?? null),
    ...{ code, channel, subject, keyId, correlationId, idempotencyKey, matchedId: webhookId ?? null, noSubscriber },
  }
}

const VERDICT_OF = { REJECTED: 'rejected', DEDUPLICATED: 'duplicate' } as const

function toEmit<Row extends EmitSummary>(found: Found<Row>): Row {
  const { finalState, findings, federation, attemptsAreKept: _, ...facts } = found
  const parsed = { findings: jsonOf(findings), federation: jsonOf(federation) }
  return { ...facts, ...parsed, state: stateOf(found) } as unknown as Row
}

const jsonOf = (text: string | null): unknown => (text === null ? null : JSON.parse(text))

/** An accepted emit without subscribers is delivered at once. */
function stateOf(found: Pick<Found<EmitSummary>, 'verdict' | 'subscriberCount' | 'finalState'>): EmitState {
  if (found.verdict === 'rejected') return 'REJECTED'
  if (found.verdict === 'duplicate') return 'DEDUPLICATED'
  if (found.verdict === 'failed') return 'FAILED'
  return found.subscriberCount === 0 ? 'DELIVERED' : (found.finalState ?? 'RELAYED')
}
