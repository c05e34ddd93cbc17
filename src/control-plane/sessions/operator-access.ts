/** The operator looks inside an organization: its audit trail says when, why, and whether the operator may write. */
import type { Environment } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { ControlStore } from '../store/store.ts'

export interface ActAs {
  organizationId: string
  environment: Environment
  write: boolean
  reason: string | null
  /** ISO 8601. */
  endsAt: string
}

export interface OperatorAccess {
  /** Errors: `not_found`. */
  begin(caller: Caller, access: ActAs): Promise<void>
  end(caller: Caller, access: ActAs): Promise<void>
}

export function createOperatorAccess(deps: { store: ControlStore; ids: Ids; announce: Announce }): OperatorAccess {
  const { store, ids, announce } = deps

  const announced = (caller: Caller, type: string, { organizationId, reason, ...data }: ActAs) =>
    announce(
      { ...caller, actorId: 'operator' },
      {
        ...{ organizationId, type, entityType: 'organization', entityId: organizationId },
        ...(reason === null ? {} : { reason }),
        data: { ...data, reason },
      },
    )

  return {
    begin: (caller, access) =>
      store.change(ids.next('chg'), current => {
        getOrganization(current, access.organizationId)
        return {
          ...{ records: [], result: undefined },
          changes: [announced(caller, 'OPERATOR_ACCESS_BEGAN', access)],
        }
      }),
    end: (caller, access) =>
      store.change(ids.next('chg'), current => ({
        ...{ records: [], result: undefined },
        // Those of a deleted organization are not kept.
        changes:
          current.organization(access.organizationId) === undefined
            ? []
            : [announced(caller, 'OPERATOR_ACCESS_ENDED', access)],
      })),
  }
}
