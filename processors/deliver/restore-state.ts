/** Passes a record of the shard's state to the part that wrote it. */
import type { LogRecord } from '../../src/kafka/ports.ts'
import { catchUpKeys, deliveryCatchUps } from '../../topics/delivery-catch-ups.ts'
import { deliveryStateKeys } from '../../topics/delivery-state.ts'
import { notificationState } from '../../topics/notification-state.ts'
import type { Redrives } from './catch-up/redrives.ts'
import type { ReplayTargets } from './catch-up/replay-targets.ts'
import type { SubjectLanes } from './dispatch/subject-lanes.ts'
import type { Notify } from './notify/notify.ts'
import type { Announcements } from './outcome/announcements.ts'
import type { FailedBlocks } from './state/failed-blocks.ts'
import type { ManualRetries } from './state/manual-retries.ts'
import type { OpenEvents } from './state/open-events.ts'
import type { Progress } from './state/progress.ts'
import type { WebhookStates } from './state/webhook-states.ts'

interface Parts {
  /** By topic. */
  inputs: ReadonlyMap<string, Progress>
  events: OpenEvents
  lanes: SubjectLanes
  announce: Announcements
  manualRetries: ManualRetries
  states: WebhookStates
  failedBlocks: FailedBlocks
  replays: ReplayTargets
  redrives: Redrives
  notify: Pick<Notify, 'restore'>
}

export function createRestoreState(parts: Parts): (record: Pick<LogRecord, 'topic' | 'key' | 'value'>) => void {
  return ({ topic, key, value }) => {
    if (!key) return
    if (topic === deliveryCatchUps.name) restoreCatchUp(parts, key.toString(), value)
    else if (topic === notificationState.name) parts.notify.restore(key.toString(), value)
    else restoreDelivery(parts, key.toString(), value)
  }
}

function restoreCatchUp({ replays, redrives, states }: Parts, key: string, value: Buffer | null): void {
  const parsed = catchUpKeys.parse(key)
  if (!parsed) return
  if ('replay' in parsed) replays.restore(parsed.replay, value)
  else if ('redrive' in parsed) redrives.restore(parsed.redrive, value)
  else states.restoreRange(parsed, value)
}

function restoreDelivery(
  { inputs, events, lanes, announce, manualRetries, states, failedBlocks }: Parts,
  key: string,
  value: Buffer | null,
): void {
  const parsed = deliveryStateKeys.parse(key)
  if (!parsed) return
  if ('open' in parsed) events.restore(parsed.open, value)
  else if ('lane' in parsed) lanes.restore(parsed.lane, parsed.subject, value)
  else if ('health' in parsed) announce.restoreHealth(parsed.health, value)
  else if ('notice' in parsed) announce.restoreNotice(parsed.notice, value)
  else if ('asked' in parsed) manualRetries.restore(parsed.asked, value)
  else if ('endpoint' in parsed) states.restoreEndpoint(parsed.endpoint, value)
  else if ('failed' in parsed) {
    failedBlocks.restore({ organizationId: parsed.failed, environment: parsed.environment }, parsed.block, value)
  } else if ('position' in parsed) {
    if (value) inputs.get(parsed.position)?.restorePosition(value)
  } else if ('done' in parsed) inputs.get(parsed.done)?.restoreBlock(parsed.block, value)
}
