/** The first contact of a process with ClickHouse. */
import { ClickHouseError } from '@clickhouse/client'
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import { reach } from '../process/wait-until-reachable.ts'
import { findBrokenParts } from './broken-parts.ts'
import type { AnalyticsClient } from './client.ts'
import { MissingTables, migrate } from './migrate.ts'

/**
 * Migrates the database, and reports parts that ClickHouse has detached as broken: after a full disk it may start
 * without rows that it had acknowledged. Every statement can be repeated, whatever its outcome was. Throws like
 * `reach`.
 */
export async function reachAnalytics(deps: {
  analytics: AnalyticsClient
  /** Address of ClickHouse; user and password in it are never logged. */
  url: string
  /** Whether the tables are known to have existed, and the advice when they are gone. */
  wereMade: boolean
  advice: string
  clock: Clock
  progress: { warn(sentence: string): void }
}): Promise<void> {
  const bring = async () => {
    await migrate(deps.analytics, undefined, deps.wereMade).catch(rethrowRefusal)
    return findBrokenParts(deps.analytics).catch(rethrowRefusal).catch(refusal)
  }
  const broken = await reach({ ...deps, name: 'ClickHouse', at: new URL(deps.url).host }, bring, causeIfAway).catch(
    error => {
      throw error instanceof MissingTables ? new Error(`${error.message} ${deps.advice}`, { cause: error }) : error
    },
  )
  if (broken instanceof ClickHouseError) {
    deps.progress.warn(
      `ClickHouse does not tell which parts it has set aside as broken (${broken.message}): grant SELECT ON system.detached_parts.`,
    )
    return
  }
  for (const { table, parts, names } of broken)
    deps.progress.warn(
      `ClickHouse has set ${parts} broken part${parts === 1 ? '' : 's'} of the table ${table} aside (${names}): the history lacks what was in ${parts === 1 ? 'it' : 'them'}. See docs/operations.md, "A full disk".`,
    )
}

/** A server of one's own may deny access to its system tables: no reason not to start. */
function refusal(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error
  throw error
}

/** Exceptions of a server that is busy, stops, or works on another process's definitions at the same time. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  'TIMEOUT_EXCEEDED',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'MEMORY_LIMIT_EXCEEDED',
  'DEADLOCK_AVOIDED',
  'TABLE_IS_DROPPED',
  'TABLE_ALREADY_EXISTS',
  'ABORTED',
  'QUERY_WAS_CANCELLED',
])

/** Every other exception from ClickHouse itself, such as a wrong password, does not pass with time. */
function rethrowRefusal(error: unknown): never {
  const cause = error instanceof ClarionError ? error.cause : undefined
  throw cause instanceof ClickHouseError && !PASSING.has(cause.type) ? cause : error
}

function causeIfAway(error: unknown): Error | undefined {
  if (!(error instanceof ClarionError) || error.code !== 'service_unavailable') return undefined
  return (error.cause as Error | undefined) ?? error
}
