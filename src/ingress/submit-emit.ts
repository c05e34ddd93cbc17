/**
 * From a parsed emit to its verdict: append to the organization's ingress with the platform's tag, then wait for
 * `admit`. Nothing is judged here. See docs/specification/emit.md#steps.
 */
import { emits } from '../../topics/emits.ts'
import type { OutcomeRow } from '../../topics/outcomes.ts'
import { buildIngressHeaders, type EmitRequest, type IngressTags } from '../events/ingress.ts'
import type { Appender, LogPosition } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { ApiKey } from '../model/api-keys.ts'
import type { ControlView } from '../model/control-view.ts'
import { emitId } from '../model/ids.ts'
import type { Organization } from '../model/organizations.ts'
import type { LoadShedder } from './load-shedding.ts'
import { unacknowledged } from './unacknowledged.ts'
import type { VerdictWaiter } from './verdict-waiter.ts'

/** How long a request waits for its verdict. */
export const VERDICT_TIMEOUT_MS = 2_000

export interface Emitter {
  key: ApiKey
  organization: Organization
}

/** An emit as requested, with the payload in its original bytes. */
export interface ReadEmit {
  emit: EmitRequest
  payload: Buffer
}

export interface EmitCall {
  requestId: string
  /** Do not wait for the verdict. */
  async: boolean
  /** The emit from quarantine that this one repeats. */
  redriveOf?: string
}

/** The emit is in the ingress; its verdict did not come in time, or the caller does not wait for it. */
export interface PendingEmit {
  verdict: 'pending'
  emitId: string
}

/** Throws `service_unavailable` when the append was not acknowledged; a refusal is an ordinary outcome. */
export type SubmitEmit = (by: Emitter, read: ReadEmit, call: EmitCall) => Promise<OutcomeRow | PendingEmit>

export function createSubmitEmit(deps: {
  appender: Appender
  verdictWaiter: VerdictWaiter
  view: ControlView
  tags: IngressTags
  /** Counts each emit that is taken; the caller has checked the limit before. */
  loadShedder: LoadShedder
}): SubmitEmit {
  const { appender, verdictWaiter, view, tags, loadShedder } = deps
  let turn = 0

  /**
   * Kafka's own partitioning of keyed records, so that a subject's emits share a partition whichever way they come in.
   */
  function partitionOf(organization: Organization, subject: string | undefined): number {
    if (organization.partitions === 1) return 0
    if (subject !== undefined) return shardOf(subject, organization.partitions)
    turn = (turn + 1) % organization.partitions
    return turn
  }

  return async ({ key, organization }, { emit, payload }, { requestId, async, redriveOf }) => {
    const topic = emits.nameFor(organization.id, key.environment)
    const partition = partitionOf(organization, emit.subject)
    const ticket = async ? undefined : verdictWaiter.ticket()
    const facts = { controlOffset: view.appliedOffset, actorId: key.id, requestId, redriveOf }
    const platform = ticket === undefined ? facts : { ...facts, replyTo: verdictWaiter.processId, ticket }
    const headers = buildIngressHeaders(emit, platform, { topic, value: payload, tags })
    const taken = loadShedder.take(organization.id, topic, partition)
    let position: LogPosition
    try {
      position = await appender.append({ topic, partition, key: emit.subject ?? null, value: payload, headers })
      taken(position.offset)
    } catch (cause) {
      taken(undefined)
      if (ticket !== undefined) verdictWaiter.forget(ticket)
      throw unacknowledged('The emit', cause)
    }
    const outcome = ticket === undefined ? 'pending' : await verdictWaiter.wait(ticket, VERDICT_TIMEOUT_MS)
    if (outcome !== 'pending') return outcome
    const about = { organizationId: organization.id, environment: key.environment, kind: 'emits' } as const
    return { verdict: 'pending', emitId: emitId({ ...position, partition, ...about }) }
  }
}
