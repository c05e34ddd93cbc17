/** From an emit of the platform to its verdict: append to `platform.emits`, then wait for `admit`, as for any emit. */
import type { OutcomeRow } from '../../topics/outcomes.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import type { Appender, LogPosition } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import { ClarionError, type Code, type Finding } from '../model/codes.ts'
import type { ControlView } from '../model/control-view.ts'
import { emitId } from '../model/ids.ts'
import { platformEmitRecord } from './platform-emit.ts'
import { type PendingEmit, VERDICT_TIMEOUT_MS } from './submit-emit.ts'
import { unacknowledged } from './unacknowledged.ts'
import type { VerdictWaiter } from './verdict-waiter.ts'

/** Throws the code of a rejection or failure; `service_unavailable` when the append was not acknowledged. */
export type SubmitPlatformEmit = (emit: PlatformEmit) => Promise<OutcomeRow | PendingEmit>

export function createSubmitPlatformEmit(deps: {
  appender: Appender
  verdictWaiter: VerdictWaiter
  view: ControlView
  shards: number
}): SubmitPlatformEmit {
  const { appender, verdictWaiter, view, shards } = deps

  async function append(emit: PlatformEmit, ticket: number): Promise<LogPosition> {
    try {
      return await appender.append(
        platformEmitRecord({ ...emit, replyTo: verdictWaiter.processId, ticket }, shards, view.appliedOffset),
      )
    } catch (cause) {
      verdictWaiter.forget(ticket)
      throw unacknowledged('The event', cause)
    }
  }

  return async emit => {
    const ticket = verdictWaiter.ticket()
    const position = await append(emit, ticket)
    const outcome = await verdictWaiter.wait(ticket, VERDICT_TIMEOUT_MS)
    if (outcome !== 'pending') return acceptedOrThrow(outcome)
    const { organizationId, environment } = emit
    const partition = shardOf(organizationId, shards)
    const id = emit.redriveOf ?? emitId({ ...position, partition, organizationId, environment, kind: 'platform' })
    return { verdict: 'pending', emitId: id }
  }
}

function acceptedOrThrow(outcome: OutcomeRow): OutcomeRow {
  const code = (outcome.code ?? 'internal_error') as Code
  const message = outcome.message ?? code
  if (outcome.verdict === 'rejected') {
    const details = outcome.findings === null ? undefined : (JSON.parse(outcome.findings) as Finding[])
    throw new ClarionError(code, message, details === undefined ? {} : { details })
  }
  // A failed emit is recorded, and its id is needed to redrive it.
  if (outcome.verdict === 'failed') throw new ClarionError(code, message, { emitId: outcome.emitId })
  return outcome
}
