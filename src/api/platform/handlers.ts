/** The state of the installation, for the operator. See docs/operations.md#status. */
import type { RoleReport } from '../../../topics/processes.ts'
import type { Clock } from '../../clock.ts'
import type { KnownProcess, KnownProcesses } from '../../process-reports/known-processes.ts'
import type { Answer } from '../http/route.ts'

export interface BrokerStatus {
  id: number
  host: string
  alive: boolean
}

/** What this process sees of the cluster and the history. */
export interface PlatformView {
  /** Rejects when no broker answers. */
  brokers(): Promise<BrokerStatus[]>
  ailing(): ReadonlyArray<{ ailment: 'no_leader' | 'too_few_replicas' }>
  historyAnswers(): Promise<boolean>
}

const ROLES = ['api', 'admit', 'deliver', 'run', 'queue', 'record'] as const
const ANSWER_MS = 3_000

export function createPlatformHandlers(deps: {
  knownProcesses: Pick<KnownProcesses, 'list'>
  platformView: PlatformView
  shards: number
  version: string
  clock: Clock
}) {
  const { knownProcesses, platformView, clock } = deps
  /** Named before, so that one that is away is shown as such. */
  const seen = new Map<number, BrokerStatus>()

  async function brokers(): Promise<BrokerStatus[]> {
    const alive = await inTime(platformView.brokers(), [])
    for (const each of seen.values()) each.alive = false
    for (const each of alive) seen.set(each.id, { ...each })
    return [...seen.values()].sort((a, b) => a.id - b.id)
  }

  function inTime<T>(work: Promise<T>, otherwise: T): Promise<T> {
    return new Promise(resolve => {
      const timer = clock.after(ANSWER_MS, () => resolve(otherwise))
      work.then(resolve, () => resolve(otherwise)).finally(() => timer.cancel())
    })
  }

  return {
    async status(): Promise<Answer> {
      const all = knownProcesses.list()
      const [found, reachable] = await Promise.all([brokers(), inTime(platformView.historyAnswers(), false)])
      const ailing = platformView.ailing()
      const roles = ROLES.map(role => roleStatus(role, all, deps.shards))
      const records = all.some(each => each.roles.some(({ role }) => role === 'record'))
      return {
        data: {
          version: deps.version,
          processes: all.map(presentProcess),
          roles,
          kafka: {
            version: all.find(({ kafkaVersion }) => kafkaVersion !== null)?.kafkaVersion ?? null,
            brokers: found,
            offlinePartitions: ailing.filter(({ ailment }) => ailment === 'no_leader').length,
            belowMinIsr: ailing.filter(({ ailment }) => ailment === 'too_few_replicas').length,
          },
          history: {
            reachable,
            behindSeconds: records ? roles.find(({ role }) => role === 'record')!.lagSeconds : null,
          },
          disk: all.flatMap(({ disk }) => disk),
          checkedAt: new Date(clock.nowMs()).toISOString(),
        },
      }
    },
  }
}

function presentProcess({ id, version, startedAtMs, lastSeenAtMs, roles, missing }: KnownProcess) {
  const held = roles.filter(({ role }) => role !== 'api').map(({ role, shards }) => [role, shards])
  return {
    ...{ id, roles: roles.map(({ role }) => role), version, startedAt: new Date(startedAtMs).toISOString() },
    ...{ lastSeenAt: new Date(lastSeenAtMs).toISOString(), shards: Object.fromEntries(held), missing },
  }
}

/** A shard that moves may be reported by two processes: it counts once. */
function roleStatus(role: RoleReport['role'], processes: readonly KnownProcess[], shards: number) {
  const reports = processes.flatMap(each => each.roles.filter(report => report.role === role))
  const running = role === 'api' ? reports.length : new Set(reports.flatMap(report => report.running)).size
  return {
    ...{ role, shards: role === 'api' ? 0 : shards, running },
    lagRecords: reports.reduce((sum, { lagRecords }) => sum + lagRecords, 0),
    lagSeconds: Math.max(0, ...reports.map(({ lagSeconds }) => lagSeconds)),
  }
}
