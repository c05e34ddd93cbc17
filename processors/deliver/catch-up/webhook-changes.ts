/** Changes of a webhook's range when its owner pauses, activates, redirects or deletes the webhook. */
import type { Clock } from '../../../src/clock.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { WebhookStates } from '../state/webhook-states.ts'
import type { FeedWindow } from './feed-window.ts'
import type { GoingLive } from './going-live.ts'
import type { Probing } from './probing.ts'
import { isFeeding, type RangeSession, type RangeSessions } from './range-session.ts'

export interface WebhookChanges {
  /** Restores the stored ranges, and follows the control plane from now on. */
  start(): void
  /** The webhook has state from now on, so its changes matter. */
  note(webhook: Webhook): void
  close(): void
}

export function createWebhookChanges(deps: {
  handle: ShardHandle
  view: ControlView
  states: WebhookStates
  clock: Clock
  sessions: RangeSessions
  probing: Probing
  window: FeedWindow
  goingLive: Pick<GoingLive, 'end'>
  webhookOf(range: OwedRange): Webhook | undefined
  flushOf(session: RangeSession): void
  /** Whether this shard is responsible for the organization. */
  isOurs(organizationId: string): boolean
  /** A segment is to end in bulk. */
  onClosing(): void
  onTransition(from: string, to: string): void
  guarded(work: () => void): void
}): WebhookChanges {
  const { handle, view, states, clock, sessions, probing, window, webhookOf } = deps
  /** The webhooks as they were at the last check. */
  const known = new Map<string, Webhook>()
  let forget: () => void = () => undefined
  let closed = false

  function pause(session: RangeSession): void {
    const { range } = session
    if (range.cause !== 'paused') deps.onTransition(range.cause, 'paused')
    range.cause = 'paused'
    range.isOpen = true
    probing.rest(session)
    range.touch()
    handle.write([])
  }

  function activate(session: RangeSession, webhook: Webhook): void {
    const { range } = session
    deps.flushOf(session)
    deps.onTransition('paused', 'catching up')
    const isLeftOut = isResumedAnew(range, webhook)
    const resumeAfterMs = resumeAfterOf(webhook)
    range.activatedAtMs = Math.max(Math.round(clock.nowMs()), resumeAfterMs)
    if (isLeftOut) {
      range.leaveOut(resumeAfterMs)
      deps.onClosing()
    }
    session.successes = 0
    session.failures = 0
    window.open(session, 1)
  }

  function gone(session: RangeSession): void {
    const { range } = session
    deps.flushOf(session)
    if (view.organization(range.organizationId)?.status === 'deleted') {
      deps.goingLive.end(session)
      return
    }
    probing.rest(session)
    range.isOpen = false
    range.close('webhook_deleted')
    handle.write([])
    deps.onClosing()
  }

  /** True when nothing more is to be checked: it is deleted, paused, or has just been activated. */
  function isStateFollowed(session: RangeSession, webhook: Webhook | undefined): boolean {
    const { range } = session
    if (!webhook) gone(session)
    else if (!webhook.active) pause(session)
    else if (range.cause === 'paused' && !isFeeding(range)) activate(session, webhook)
    // The pause itself went unseen: the shard was away, or the view showed both changes at once.
    else if (isResumedAnew(range, webhook)) activate(session, webhook)
    else return false
    return true
  }

  function follow(webhookId: string, before: Webhook | undefined): void {
    const range = states.get(webhookId)?.range
    if (!range || closed) return
    const session = sessions.of(range)
    const webhook = webhookOf(range)
    if (isStateFollowed(session, webhook)) return
    if (before && isOtherEndpoint(before, webhook!) && range.cause === 'held' && !isFeeding(range)) {
      probing.probeNow(session)
      return
    }
    if (isFeeding(range)) range.window = Math.min(range.window, webhook!.maxInFlight)
    session.feeder.nudge()
  }

  function onWebhook(organizationId: string, id: string): void {
    const before = known.get(id)
    const now = view.find('webhook', organizationId, id)
    if (now && states.get(id)) known.set(id, now)
    else known.delete(id)
    if (before && now && isOtherEndpoint(before, now)) states.forgetFailures(id)
    deps.guarded(() => follow(id, before))
  }

  /** A range of a webhook that was deleted before its organization cannot be read to its end once the topics are gone. */
  function onOrganization(organizationId: string): void {
    if (view.organization(organizationId)?.status !== 'deleted') return
    deps.guarded(() => {
      if (closed) return
      for (const range of states.ranges())
        if (range.organizationId === organizationId && !webhookOf(range)) gone(sessions.of(range))
    })
  }

  function takeUp(range: OwedRange): void {
    const session = sessions.of(range)
    const webhook = webhookOf(range)
    if (webhook) known.set(range.webhookId, webhook)
    if (isStateFollowed(session, webhook)) return
    if (isFeeding(range)) window.open(session, Math.max(1, Math.min(range.window, webhook!.maxInFlight)))
    else probing.arm(session)
  }

  return {
    start() {
      for (const { webhookId, organizationId } of states.endpoints()) {
        if (!view.find('webhook', organizationId, webhookId)) states.forget(webhookId)
      }
      forget = view.onChange((kind, organizationId, id) => {
        if (!deps.isOurs(organizationId)) return
        if (kind === 'webhook') onWebhook(organizationId, id)
        else if (kind === 'organization') onOrganization(organizationId)
      })
      states.ranges().forEach(takeUp)
    },
    note(webhook) {
      if (!known.has(webhook.id)) known.set(webhook.id, webhook)
    },
    close() {
      closed = true
      forget()
    },
  }
}

const resumeAfterOf = ({ resumeAfter }: Webhook): number => (resumeAfter === null ? 0 : Date.parse(resumeAfter))

/** It was activated since, and what came before is to be left out. */
const isResumedAnew = (range: OwedRange, webhook: Webhook): boolean =>
  resumeAfterOf(webhook) > Math.max(range.sinceMs, range.activatedAtMs)

const isOtherEndpoint = (before: Webhook, now: Webhook) =>
  before.url !== now.url ||
  before.encryptedSecret !== now.encryptedSecret ||
  before.encryptedHeaders !== now.encryptedHeaders ||
  before.timeoutMs !== now.timeoutMs
