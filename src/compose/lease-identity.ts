/** Identity of this process in the groups of its roles: a slot in its data directory, or `CLARION_INSTANCE`. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { identifyProcess, isAlive } from '../embedded/process-identity.ts'
import type { LeaseIdentity } from '../kafka/runtime/lease.ts'
import type { Config } from '../settings/config.ts'

export function leaseIdentity({ dataDir, instance }: Pick<Config, 'dataDir' | 'instance'>): LeaseIdentity {
  const self = identifyProcess(process.pid)
  return {
    directory: join(dataDir, 'leases'),
    instance,
    machine: self && { host: hostname(), self, isAlive },
  }
}
