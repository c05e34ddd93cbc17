/** The coordinators of groups and transactional ids, looked up once and cached until invalidated. */
import { errorName } from './error-codes.ts'
import { type FoundCoordinator, findCoordinatorRequest } from './metadata-requests.ts'
import { KafkaError, type WireRequest } from './types.ts'

export type CoordinatorKind = 'group' | 'transaction'

export interface Coordinators {
  /** Node id. Rejects with the broker's error, `COORDINATOR_NOT_AVAILABLE` as long as none is elected. */
  find(kind: CoordinatorKind, key: string): Promise<number>
  forget(kind: CoordinatorKind, key: string): void
}

/** After one of these answers, or none at all, the next request looks the coordinator up again. */
export const COORDINATOR_MOVED: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'CONNECTION',
  'REQUEST_TIMEOUT',
])

export function createCoordinators(deps: {
  /** Asks some broker. */
  ask<T>(request: WireRequest<T>): Promise<T>
  onFound(coordinator: FoundCoordinator): void
}): Coordinators {
  const nodes = new Map<string, Promise<number>>()
  const keyOf = (kind: CoordinatorKind, key: string) => `${kind}/${key}`

  async function ask(kind: CoordinatorKind, key: string): Promise<number> {
    const found = await deps.ask(findCoordinatorRequest(kind, key))
    if (found.errorCode !== 0) {
      const name = errorName(found.errorCode)
      throw new KafkaError(name, `no coordinator for the ${kind} ${key}: ${found.message || name}`)
    }
    deps.onFound(found)
    return found.nodeId
  }

  return {
    find(kind, key) {
      const name = keyOf(kind, key)
      const known = nodes.get(name)
      if (known) return known
      const finding = ask(kind, key)
      nodes.set(name, finding)
      finding.catch(() => {
        if (nodes.get(name) === finding) nodes.delete(name)
      })
      return finding
    },
    forget: (kind, key) => void nodes.delete(keyOf(kind, key)),
  }
}
