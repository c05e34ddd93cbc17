/** The first thing that a process asks of ClickHouse. */
import { ClickHouseError } from '@clickhouse/client'
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import { reach } from '../process/wait-until-reachable.ts'
import { findBrokenParts } from './broken-parts.ts'
import type { AnalyticsClient } from './client.ts'
import { MissingTables, migrate } from './migrate.ts'

/**
 * Brings the database to its shape, and tells of parts that ClickHouse has set aside as broken: after its disk was full it may start without rows
 * that it had acknowledged. Every statement can be repeated, whatever became of it. Throws as `reach` does.
 */
export async function reachAnalytics(deps: {
  analytics: AnalyticsClient
  /** Of ClickHouse; what it says of a user is not told. */
  url: string
  /** Whether the tables are known to have been made before, and what to do when they are gone. */
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

/** A server of one's own may keep its system tables to itself: no reason not to start. */
function refusal(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error
  throw error
}

/** An exception of ClickHouse itself, such as a wrong password, does not pass by waiting for it. */
function rethrowRefusal(error: unknown): never {
  const cause = error instanceof ClarionError ? error.cause : undefined
  throw cause instanceof ClickHouseError && cause.type !== 'TIMEOUT_EXCEEDED' ? cause : error
}

function causeIfAway(error: unknown): Error | undefined {
  if (!(error instanceof ClarionError) || error.code !== 'service_unavailable') return undefined
  return (error.cause as Error | undefined) ?? error
}
