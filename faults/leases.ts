/** Members of the groups as their coordinators list them, compared with the claims of the processes. */
import type { Cluster } from '../test/cluster/cluster.ts'
import { until } from '../test/cluster/until.ts'
import type { Findings } from './findings.ts'
import type { Fleet } from './fleet.ts'

const ROLES = ['admit', 'deliver', 'record'] as const
/** A lease that agrees only later was confirmed too late. */
const AGREE_MS = 30_000
const READ_MS = 3_000

export interface Leases {
  role: string
  /** Processes that have the role. */
  processes: number
  members: number
  /** Shards that these claim, added up. */
  claims: number
}

type Deps = { cluster: Cluster; fleet: Fleet }

/** As they are now; rejects while a process or a coordinator does not answer. */
export function readLeases({ cluster, fleet }: Deps): Promise<Leases[]> {
  return Promise.all(
    ROLES.map(async role => {
      const slots = [...fleet.of(role), ...fleet.of('all')]
      const { members } = await cluster.describeGroup(role)
      const claims = await Promise.all(slots.map(({ base }) => claimsOf(base, role)))
      return {
        role,
        processes: slots.length,
        members: members.length,
        claims: claims.reduce((sum, each) => sum + each, 0),
      }
    }),
  )
}

async function claimsOf(base: string, role: string): Promise<number> {
  const answer = await fetch(`${base}/metrics`, { signal: AbortSignal.timeout(READ_MS) })
  const lines = (await answer.text())
    .split('\n')
    .filter(line => line.startsWith('clarion_shards{') && line.includes(`role="${role}"`))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

const agrees = ({ processes, members, claims }: Leases, shards: number): boolean =>
  members === processes && claims === shards

/** Asked for half a minute. */
export function leasesAgree(deps: Deps, shards: number): Promise<boolean> {
  const agree = () =>
    readLeases(deps).then(
      all => all.every(each => agrees(each, shards)),
      () => false,
    )
  return until('members and claims agree', agree, AGREE_MS).then(
    () => true,
    () => false,
  )
}

export async function proveLeases(findings: Findings, deps: Deps, shards: number): Promise<void> {
  await leasesAgree(deps, shards)
  for (const each of await readLeases(deps))
    findings.check('each shard is claimed once, by a member of its group', agrees(each, shards), () =>
      JSON.stringify(each),
    )
}
