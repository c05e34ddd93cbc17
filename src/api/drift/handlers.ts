/** Drift: findings, and a manifest against the registry. See docs/specification/drift.md. */
import { declaredState, type Manifest, observationsOf } from '../../control-plane/drift/declared-state.ts'
import { type Drift, getFinding } from '../../control-plane/drift/drift.ts'
import { isOpen } from '../../control-plane/drift/reconcile.ts'
import { byCreation } from '../../control-plane/store/view-store.ts'
import type { ControlView } from '../../model/control-view.ts'
import {
  DRIFT_KINDS,
  DRIFT_SEVERITIES,
  DRIFT_STATUSES,
  type DriftFinding,
  type DriftKind,
  type DriftStatus,
  OPERATORS_KINDS,
} from '../../model/drift.ts'
import { PLATFORM } from '../../model/names.ts'
import { requireScope } from '../http/authenticate.ts'
import { organizationOf } from '../http/caller.ts'
import { pageAnswer } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { definitionsOf } from './manifest.ts'

interface FindingQuery {
  kind?: DriftKind
  status?: DriftStatus
  severity?: DriftFinding['severity']
  entity?: string
}

export function createDriftHandlers({ drift, view }: { drift: Drift; view: ControlView }) {
  /** The operator sees the faults of the platform, of every organization. */
  function seenBy(call: Call): readonly DriftFinding[] {
    if (call.principal?.kind === 'key') return view.list('drift-finding', organizationOf(call).id)
    const owners = [PLATFORM, ...[...view.organizations()].map(({ id }) => id)]
    return owners
      .flatMap(id => view.list('drift-finding', id))
      .filter(({ kind }) => OPERATORS_KINDS.includes(kind))
      .sort(byCreation)
  }

  return {
    list(call: Call): Answer {
      const { kind, status, severity, entity } = call.query as FindingQuery
      const found = seenBy(call).filter(
        each =>
          (kind ?? each.kind) === each.kind &&
          (status ?? each.status) === each.status &&
          (severity ?? each.severity) === each.severity &&
          (entity ?? each.entityId) === each.entityId,
      )
      return pageAnswer('drift-findings', found, call.query, present)
    },
    get: (call: Call): Answer => ({ data: present(getFinding(view, organizationOf(call).id, call.params.id!)) }),
    settle:
      (status: Exclude<DriftStatus, 'open'>) =>
      async (call: Call): Promise<Answer> => {
        const { note } = call.body as { note?: string | null }
        return {
          data: present(await drift.settle(call.caller, organizationOf(call).id, call.params.id!, status, note)),
        }
      },
    summary(call: Call): Answer {
      const all = seenBy(call)
      const open = all.filter(isOpen)
      return {
        data: {
          open: open.length,
          bySeverity: countBy(DRIFT_SEVERITIES, open, each => each.severity),
          byKind: countBy(DRIFT_KINDS, open, each => each.kind),
          byStatus: countBy(DRIFT_STATUSES, all, each => each.status),
          lastDetectedAt: all.at(-1)?.firstSeenAt ?? null,
        },
      }
    },
    /** With `persist` its findings are kept, and those of the check before that are gone are resolved. */
    async check(call: Call): Promise<Answer> {
      const { definitions, scope, persist } = call.body as Manifest
      if (persist === true) requireScope(call.principal!, 'events:manage')
      const { id: organizationId } = organizationOf(call)
      const manifest = { definitions: definitionsOf(definitions), ...(scope === undefined ? {} : { scope }) }
      const declared = declaredState(view, organizationId, manifest)
      if (persist === true)
        await drift.look(
          {
            organizationId,
            covers: ({ kind }) => kind === 'declared_state',
            observe: current => observationsOf(declaredState(current, organizationId, manifest)),
          },
          call.caller,
        )
      return { data: { ...declared, findings: observationsOf(declared) } }
    },
  }
}

function present({ diffHash: _, ...finding }: DriftFinding) {
  return finding
}

function countBy<T extends string>(
  names: readonly T[],
  findings: readonly DriftFinding[],
  nameOf: (finding: DriftFinding) => T,
): Record<string, number> {
  return Object.fromEntries(names.map(name => [name, findings.filter(each => nameOf(each) === name).length]))
}
