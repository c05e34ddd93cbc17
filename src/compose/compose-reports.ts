/** Every process reports itself: its roles, shards, what waits and what is not ready. */
import { readFileSync } from 'node:fs'
import type { ProcessReport, RoleReport } from '../../topics/processes.ts'
import { KAFKA_VERSION } from '../embedded/kafka-jars.ts'
import { releaseRequest } from '../kafka/protocol/release-request.ts'
import { createAppender } from '../kafka/write/appender.ts'
import { createDiskUse } from '../process-reports/disk-use.ts'
import { reportProcess } from '../process-reports/report-process.ts'
import { EMBEDDING } from './backends.ts'
import type { Parts, RunningRole } from './parts.ts'

/** A report that is not taken is made up for by the next one. */
const APPEND_PERSIST_MS = 5_000

export function startReports(parts: Parts): void {
  const { config, clock, logger, kafka, closing, draining, ids, missing, runningRoles, wire } = parts
  const appender = createAppender({ kafka, clock, logger, persistMs: APPEND_PERSIST_MS })
  const startedAtMs = clock.nowMs()
  const embeds = EMBEDDING.every(role => config.roles.includes(role))
  const disk = createDiskUse({ dataDir: config.dataDir, parts: embeds ? embeddedParts(parts) : [], clock })
  const isEmbedded = config.kafkaBrokers.length === 0

  async function report(): Promise<Omit<ProcessReport, 'isStopping'>> {
    const roles = await Promise.all(runningRoles.map(each => roleReport(each, wire, clock.machineMs())))
    const api: RoleReport[] = config.roles.includes('api')
      ? [{ role: 'api', shards: [], running: [], lagRecords: 0, lagSeconds: 0 }]
      : []
    return {
      ...{ version: releaseVersion(), startedAtMs, roles: [...api, ...roles], disk: await disk() },
      missing: missing.map(each => each()).filter(each => each !== undefined),
      kafkaVersion: isEmbedded ? KAFKA_VERSION : await foreignRelease(wire),
    }
  }

  const reporting = reportProcess({ processId: ids.next('prc'), appender, clock, logger, report })
  draining.push(reporting.stopping)
  closing.push(async () => {
    await reporting.close()
    await appender.close()
  })
}

/** Asked for at each report, since brokers are upgraded; null while none answers. */
const foreignRelease = (wire: Parts['wire']): Promise<string | null> =>
  wire.sendToAny(releaseRequest()).then(
    ({ release }) => release,
    () => null,
  )

function embeddedParts({ config }: Parts): string[] {
  const { kafkaBrokers, clickhouseUrl, databaseUrl } = config
  return [
    ...(kafkaBrokers.length === 0 ? ['kafka'] : []),
    ...(clickhouseUrl === undefined ? ['clickhouse'] : []),
    ...(databaseUrl === undefined ? ['postgres'] : []),
  ]
}

/** Records that were not fetched yet are looked up where the shard has stopped reading; elsewhere they are fetched at once. */
async function roleReport({ role, processor }: RunningRole, wire: Parts['wire'], nowMs: number): Promise<RoleReport> {
  const { running, lags } = processor.progress()
  const stopped = lags.flatMap(each => each.stopped)
  const ends = stopped.length === 0 ? new Map<string, number>() : await wire.stableEnds(stopped)
  const unread = stopped.reduce(
    (sum, { topic, partition, offset }) => sum + Math.max(0, (ends.get(`${topic}/${partition}`) ?? 0) - offset),
    0,
  )
  const oldest = Math.min(...lags.map(({ oldestAtMs }) => oldestAtMs ?? Number.POSITIVE_INFINITY))
  return {
    ...{ role, shards: processor.shards().sort(ascending), running: running.sort(ascending) },
    lagRecords: lags.reduce((sum, { records }) => sum + records, 0) + unread,
    lagSeconds: Number.isFinite(oldest) ? Math.max(0, Math.round((nowMs - oldest) / 1_000)) : 0,
  }
}

const ascending = (a: number, b: number) => a - b

let version: string | undefined

export function releaseVersion(): string {
  version ??= (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version
  return version
}
