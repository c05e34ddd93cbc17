/** Resolves the targets of a new replay: docs/specification/replays.md#targets. */

import { ClarionError, type Code } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import { isLifecycleType } from '../../model/names.ts'
import { planOf } from '../../model/plans.ts'
import { type ReplayTarget, type ReplayTargetKind, type ReplayTargetName, webhookIdOf } from '../../model/replays.ts'
import { isOwnReceiver, type Webhook } from '../../model/webhooks.ts'
import { activeMembership, memberNotFound, notOwner, requireFederation } from '../federation/access.ts'
import { getQueue } from '../queues/queues.ts'
import { getSink } from '../sinks/sinks.ts'
import type { DecisionView } from '../store/overlay.ts'
import { getWebhook } from '../webhooks/webhooks.ts'
import { getWorkflow } from '../workflows/get-workflow.ts'

export const REPLAY_TARGETS_MAX = 100

export interface NamedTargets {
  kind: ReplayTargetName
  /** None for `original`. */
  ids?: string[]
}

export interface TargetOptions {
  includeFederation: boolean
  includeLifecycle: boolean
  /** Whether the replay has selectors, or names its events. */
  hasSelectors: boolean
}

/** Throws the error of the first target that cannot be one, with its place. */
export function resolveTargets(
  view: DecisionView,
  owner: Owner,
  { kind, ids = [] }: NamedTargets,
  options: TargetOptions,
): ReplayTarget[] {
  if (kind === 'original') return originalTargets(view, owner, options)
  if (kind === 'federation_member') checkFederation(view, owner)
  return ids.map((id, at) => {
    try {
      CHECKS[kind](view, owner, id, options)
    } catch (error) {
      throw error instanceof ClarionError ? placed(error, `/target/ids/${at}`) : error
    }
    return running(kind, id)
  })
}

const running = (kind: ReplayTargetKind, id: string): ReplayTarget => ({
  ...{ kind, id, state: 'running', stateReason: null, progress: null },
})

type Check = (view: DecisionView, owner: Owner, id: string, options: TargetOptions) => void

const CHECKS: Readonly<Record<ReplayTargetKind, Check>> = {
  webhook: (view, owner, id, options) => checkSelectors(getWebhook(view, owner, id), options),
  subscription: (view, owner, id, options) => checkSelectors(getWebhook(view, owner, webhookIdOf(id)), options),
  sink: (view, owner, id, options) => checkSelectors(getSink(view, owner, id), options),
  queue: (view, owner, id) => getQueue(view, owner, id),
  workflow: checkWorkflow,
  federation_member: checkMember,
}

function checkSelectors({ events, sink }: Webhook, options: TargetOptions): void {
  if (options.hasSelectors || options.includeLifecycle || !events.every(isLifecycleType)) return
  const message = 'selects lifecycle events alone: name selectors, or set options.includeLifecycle'
  throw new ClarionError('selector_required', `The ${sink === undefined ? 'webhook' : 'sink'} ${message}.`, {
    details: [{ path: '/source/selectors', rule: 'required', message }],
  })
}

function checkWorkflow(view: DecisionView, owner: Owner, id: string): void {
  if (getWorkflow(view, owner, id).trigger.kind === 'event') return
  const message = 'does not start by an event: events cannot be replayed to it'
  throw new ClarionError('validation_failed', `The workflow ${message}.`, {
    details: [{ path: '/target/ids', rule: 'trigger', message }],
  })
}

/** Throws `live_environment_only`, `federation_not_available`. */
function checkFederation(view: DecisionView, { organizationId, environment }: Owner): void {
  if (environment !== 'live')
    throw new ClarionError('live_environment_only', 'Federation is of the live environment; the key is of the other.')
  requireFederation(view, organizationId)
}

function checkMember(view: DecisionView, { organizationId }: Owner, id: string): void {
  const member = view.federation.member(id)
  const group = member && view.federation.group(member.groupId)
  if (!member || !group || member.status === 'removed' || group.status === 'archived') throw memberNotFound()
  if (group.organizationId !== organizationId)
    throw activeMembership(view, organizationId, group.id) === undefined ? memberNotFound() : notOwner()
  if (member.status === 'pending')
    throw new ClarionError('member_not_accepted', 'The member has not accepted the invitation yet.')
}

/** Everybody whose selectors may match now; each event is matched with them again. Throws `too_many_targets`. */
function originalTargets(view: DecisionView, owner: Owner, options: TargetOptions): ReplayTarget[] {
  const { organizationId, environment } = owner
  const webhooks = view
    .webhooks(organizationId)
    .filter(each => each.environment === environment && isOwnReceiver(each))
    .filter(({ events }) => options.includeLifecycle || !events.every(isLifecycleType))
  const targets = [
    ...webhooks.map(({ id, sink }) => running(sink === undefined ? 'webhook' : 'sink', id)),
    ...queuesOf(view, owner, options),
    ...(options.includeFederation ? membersOf(view, owner) : []),
  ]
  if (targets.length <= REPLAY_TARGETS_MAX) return targets
  const message = `has ${targets.length} subscribers now; a replay has at most ${REPLAY_TARGETS_MAX} targets: name them`
  throw new ClarionError('too_many_targets', `The original ${message}.`, {
    details: [{ path: '/target/kind', rule: 'maxItems', message }],
  })
}

function queuesOf(view: DecisionView, { organizationId, environment }: Owner, options: TargetOptions): ReplayTarget[] {
  return view
    .list('queue', organizationId)
    .filter(each => each.environment === environment)
    .filter(({ selectors }) => options.includeLifecycle || !selectors.every(isLifecycleType))
    .map(({ id }) => running('queue', id))
}

function membersOf(view: DecisionView, { organizationId, environment }: Owner): ReplayTarget[] {
  const plan = view.organization(organizationId)?.plan
  if (environment !== 'live' || plan === undefined || !planOf(plan).federation) return []
  return view
    .list('federation-group', organizationId)
    .filter(({ status }) => status !== 'archived')
    .flatMap(({ id }) => view.federation.members(id))
    .filter(({ status }) => status === 'accepted' || status === 'paused')
    .map(({ id }) => running('federation_member', id))
}

function placed(error: ClarionError, path: string): ClarionError {
  const details = error.details ?? [{ path, rule: RULES[error.code] ?? 'target', message: error.message }]
  return new ClarionError(error.code, error.message, { details })
}

const RULES: Partial<Record<Code, string>> = { not_found: 'exists', federation_member_not_found: 'exists' }
