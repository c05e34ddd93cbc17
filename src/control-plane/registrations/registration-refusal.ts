/** A refused registration: nothing is stored, and yet it is announced. */
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import type { Clock } from '../../clock.ts'
import { builtInEmit } from '../../ingress/built-in-emit.ts'
import type { ClarionError } from '../../model/codes.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { Registration } from '../../model/registrations.ts'
import { registrationsUsed } from '../plans/plan-usage.ts'
import type { Announce, Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { Decision } from '../store/store.ts'
import { announceRefused } from './registration-chain.ts'
import type { NewRegistration } from './registration-check.ts'

const NOTICE_INTERVAL_MS = 3_600_000

/** The refused request, its caller, and its command, which may be decided more than once. */
export interface RefusedRequest {
  caller: Caller
  organization: Organization
  input: NewRegistration
  commandId: string
}

export function createRefusal({ announce, clock }: { announce: Announce; clock: Clock }) {
  /**
   * Time of the last announced refusal because of the plan: at most one an hour. With the command's id, since a command
   * may be decided twice.
   */
  const notices = new Map<string, { atMs: number; commandId: string }>()

  function isDue(organizationId: string, commandId: string): boolean {
    const last = notices.get(organizationId)
    return last === undefined || last.commandId === commandId || clock.nowMs() - last.atMs >= NOTICE_INTERVAL_MS
  }

  return (
    { caller, organization, input, commandId }: RefusedRequest,
    refusal: ClarionError,
    current: DecisionView,
  ): Decision<Registration> => {
    const { id: organizationId, plan } = organization
    const changes = announceRefused(announce, caller, organizationId, input, refusal)
    const emits: PlatformEmit[] = []
    if (refusal.code === 'registration_quota_exceeded' && isDue(organizationId, commandId)) {
      notices.set(organizationId, { atMs: clock.nowMs(), commandId })
      const used = registrationsUsed(current.list('registration', organizationId))
      const about = { organizationId, entityType: 'organization' as const, entityId: organizationId }
      const data = { quota: 'registrations', used, limit: planOf(plan).registrations }
      changes.push(announce(caller, { ...about, type: 'CUSTOM_EVENT_QUOTA_EXCEEDED', data }))
      const facts = { organizationId, id: `quota.exceeded/${commandId}`, actorId: 'system', subject: organizationId }
      emits.push(builtInEmit('quota.exceeded', { plan, ...data }, facts))
    }
    return { records: [], changes, emits, result: undefined as never, refusal }
  }
}
