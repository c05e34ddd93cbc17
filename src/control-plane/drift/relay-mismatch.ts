/**
 * Relays that fail since their event has another schema than the version that was shared. Versions do not change, so
 * that a process that judges holds one of the two otherwise than the registry: the control plane alone does not show it.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { DriftFinding, Observation } from '../../model/drift.ts'
import type { FederationPush } from '../../model/federation.ts'
import type { LookOrder } from './look-order.ts'

/** A push that goes on failing is written this often. */
const AGAIN_MS = 3_600_000
const OVER_MS = 24 * AGAIN_MS
const PUSHES_MAX = 10_000
const PLACE = '/relay'

export interface FailedRelay {
  push: Pick<FederationPush, 'id' | 'groupId' | 'namespace' | 'name' | 'version' | 'schemaHash'>
  /** Those that are concerned: the owner, and the member if it is an organization. */
  organizationIds: readonly string[]
  canonicalName: string
  /** Of the event. */
  schemaHash: string
}

export type NoteMismatch = (relay: FailedRelay) => void

export function createNoteMismatch(deps: {
  drift: { look(order: LookOrder): Promise<void> }
  clock: Clock
  logger: Logger
}): NoteMismatch {
  const { drift, clock, logger } = deps
  const notedMs = new Map<string, number>()
  return relay => {
    const seen = observationOf(relay)
    for (const organizationId of relay.organizationIds) {
      const key = `${organizationId} ${relay.push.id}`
      const nowMs = clock.monotonicMs()
      if (nowMs - (notedMs.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) continue
      if (notedMs.size >= PUSHES_MAX) notedMs.clear()
      notedMs.set(key, nowMs)
      drift.look({ organizationId, covers: () => false, observe: () => [seen] }).catch(error => {
        notedMs.delete(key)
        logger.warn({ error: String(error), pushId: relay.push.id }, 'a finding of drift was not written')
      })
    }
  }
}

/** Only relays show it, so that it is over when none has for a day. */
export const isOfRelay = ({ kind, diff }: DriftFinding): boolean =>
  kind === 'federation_snapshot' && diff[0]?.path === PLACE
export const isOverAt = ({ lastSeenAt }: DriftFinding, nowMs: number): boolean =>
  nowMs - Date.parse(lastSeenAt) > OVER_MS

function observationOf({ push, canonicalName, schemaHash }: FailedRelay): Observation {
  const { id, groupId, namespace, name, version, schemaHash: shared } = push
  return {
    ...{ kind: 'federation_snapshot', severity: 'warning', entityType: 'federation-push', entityId: id },
    canonicalName,
    message: `Relays of ${namespace}.${name}@${version} fail: the event has another schema than the one that was shared.`,
    expected: { version, schemaHash: shared },
    actual: { version, schemaHash, groupId },
    diff: [{ path: PLACE, change: 'schema_snapshot_mismatch' }],
  }
}
