/**
 * Removes the state that a shard still has of deleted organizations, ten minutes after their deletion. By then their
 * waiting deliveries are cancelled and their owed ranges removed together with the webhooks, but some counts never
 * reach zero: events with open early entries, blocks of failed numbers, lanes whose members lay in a range. Removes a
 * little at a time, so that no transaction becomes large.
 */
import type { Clock } from '../../src/clock.ts'
import { isDeletedFor } from '../../src/control-plane/organizations/deleted-for.ts'
import type { ShardHandle } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { timeOfId } from '../../src/model/ids.ts'
import type { SubjectLanes } from './dispatch/subject-lanes.ts'
import type { FailedBlocks } from './state/failed-blocks.ts'
import type { OpenEvents } from './state/open-events.ts'
import type { WebhookStates } from './state/webhook-states.ts'

const FORGOTTEN_AFTER_MS = 10 * 60_000
const AT_ONCE = 2_000

export interface Forgetting {
  /** The state is complete. */
  start(): void
  /** Call this periodically. */
  sweep(): void
  close(): void
}

export function createForgetting(deps: {
  handle: Pick<ShardHandle, 'shard' | 'write'>
  view: Pick<ControlView, 'organization' | 'organizations' | 'webhooks' | 'onChange'>
  shards: number
  clock: Clock
  events: Pick<OpenEvents, 'forget'>
  failedBlocks: Pick<FailedBlocks, 'forget'>
  lanes: Pick<SubjectLanes, 'forget'>
  states: Pick<WebhookStates, 'get'>
}): Forgetting {
  const { handle, view, clock } = deps
  /** Deleted organizations of the shard that may still have state. */
  const deleted = new Set<string>()
  let stop: () => void = () => undefined

  const isOurs = (organizationId: string) => shardOf(organizationId, deps.shards) === handle.shard

  function follow(organizationId: string): void {
    if (view.organization(organizationId)?.status === 'deleted' && isOurs(organizationId)) deleted.add(organizationId)
  }

  const isGone = (organizationId: string): boolean => {
    const organization = view.organization(organizationId)
    return organization !== undefined && isDeletedFor(FORGOTTEN_AFTER_MS, organization, clock.nowMs())
  }

  /** A lane does not name its organization. A webhook that is younger than this may not be in the view yet. */
  function goneWebhooks(): (webhookId: string) => boolean {
    const there = new Set<string>()
    for (const { id } of view.organizations())
      if (isOurs(id)) for (const webhook of view.webhooks(id)) there.add(webhook.id)
    const bornBeforeMs = clock.nowMs() - FORGOTTEN_AFTER_MS
    return id => !there.has(id) && (timeOfId(id) ?? 0) < bornBeforeMs && deps.states.get(id)?.range === undefined
  }

  return {
    start() {
      for (const { id } of view.organizations()) follow(id)
      stop = view.onChange((kind, organizationId) => {
        if (kind === 'organization') follow(organizationId)
      })
    },
    sweep() {
      const due = [...deleted].filter(isGone)
      if (due.length === 0) return
      const counts = [
        deps.events.forget(isGone, AT_ONCE),
        deps.failedBlocks.forget(isGone, AT_ONCE),
        deps.lanes.forget(goneWebhooks(), AT_ONCE),
      ]
      if (counts.some(count => count > 0)) handle.write([])
      if (counts.every(count => count < AT_ONCE)) for (const organizationId of due) deleted.delete(organizationId)
    },
    close: () => stop(),
  }
}
