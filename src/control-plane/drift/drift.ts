/** Composes the findings of drift: looks that write them, and people who settle them. */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { DriftFinding, DriftStatus } from '../../model/drift.ts'
import type { Ids } from '../../model/ids.ts'
import type { Announce, Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import type { LookOrder } from './look-order.ts'
import { type Reconciled, reconcile } from './reconcile.ts'
import { type DriftWatch, startDriftWatch } from './watch.ts'

export interface Drift {
  /** Writes nothing where nothing has changed. */
  look(order: LookOrder, caller?: Caller): Promise<void>
  /** Errors: `not_found`, `conflict` (it is resolved already). */
  settle(
    caller: Caller,
    organizationId: string,
    id: string,
    status: Exclude<DriftStatus, 'open'>,
    note: string | null | undefined,
  ): Promise<DriftFinding>
  /** Looks at what follows from the control plane alone, until it is closed. */
  startWatch(): DriftWatch
}

export interface DriftDeps {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
  logger?: Logger
  timeScale?: number
}

const PLATFORM: Caller = { actorId: 'system', requestId: '' }

export function createDrift(deps: DriftDeps): Drift {
  const { store, view, ids, clock, announce } = deps

  function looked({ organizationId, covers, observe }: LookOrder, current: DecisionView): Reconciled {
    return reconcile({
      ...{ organizationId, covers, nowMs: clock.nowMs(), nextId: () => ids.next('drf') },
      before: current.list('drift-finding', organizationId),
      observed: observe(current),
    })
  }

  async function look(order: LookOrder, caller: Caller = PLATFORM): Promise<void> {
    // A decision without records would be written all the same.
    if (looked(order, view).records.length === 0) return
    await store.change(ids.next('chg'), (current): Decision<void> => {
      const { records, detected, resolved } = looked(order, current)
      const changes = order.silent
        ? []
        : [
            ...detected.map(each => announced(announce, caller, 'DRIFT_DETECTED', each)),
            ...resolved.map(each => announced(announce, caller, 'DRIFT_RESOLVED', each)),
          ]
      return { records: records.map(asChange), changes, result: undefined }
    })
  }

  return {
    look,
    settle: (caller, organizationId, id, status, note) =>
      store.change(ids.next('chg'), (current): Decision<DriftFinding> => {
        const before = getFinding(current, organizationId, id)
        if (before.status === 'resolved') throw new ClarionError('conflict', 'The finding is resolved already.')
        const nowMs = clock.nowMs()
        const resolvedAt = status === 'resolved' ? new Date(nowMs).toISOString() : null
        const noted = note === undefined ? {} : { note }
        const finding = revised<DriftFinding>(before, { status, resolvedAt, ...noted }, nowMs)
        const changes = status === 'resolved' ? [announced(announce, caller, 'DRIFT_RESOLVED', finding)] : []
        return { records: [asChange(finding)], changes, result: finding }
      }),
    startWatch: () => startDriftWatch({ ...deps, look }),
  }
}

/** Throws `not_found`. */
export function getFinding(view: Pick<DecisionView, 'find'>, organizationId: string, id: string): DriftFinding {
  const finding = view.find('drift-finding', organizationId, id)
  if (finding === undefined) throw new ClarionError('not_found', 'There is no such finding.')
  return finding
}

const asChange = (record: DriftFinding): Change => ({ kind: 'drift-finding', record })

function announced(
  announce: Announce,
  caller: Caller,
  type: 'DRIFT_DETECTED' | 'DRIFT_RESOLVED',
  { id, organizationId, kind, severity, entityType, entityId, canonicalName, message, status, actual }: DriftFinding,
): ChangeRow {
  const row = announce(caller, {
    ...{ organizationId, type, entityType: 'drift-finding', entityId: id, status, reason: kind },
    ...(canonicalName === null ? {} : { canonicalName }),
    data: { kind, severity, finding: id, entityType, entityId, message, ...(actual === null ? {} : { actual }) },
  })
  // The platform itself makes no request.
  return caller === PLATFORM ? { ...row, requestId: null } : row
}
