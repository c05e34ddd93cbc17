/** The action `send_notification`: a record of `notifications`, whose channel and limits `deliver` judges. */

import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { fixedId } from '../../../src/model/ids.ts'
import { findChannel } from '../../../src/notifications/channels.ts'
import { notificationRecord } from '../../../src/notifications/notices.ts'
import type { Perform } from '../../../src/workflows/interpreter/run.ts'
import type { Severity } from '../../../topics/notifications.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import { type StepAnswer, stepIdOf } from './step.ts'

interface SendNotificationInput {
  channel: string
  title?: string
  message: string
  severity?: Severity
  dedupeKey?: string
}

const DEDUPE_MS = 15 * 60_000

export function notificationOf(
  facts: RunFacts,
  { path, with: given }: Perform,
  { view, shard, nowMs }: { view: ControlView; shard: number; nowMs: number },
): { record?: OutRecord; answer: StepAnswer } {
  const { channel: name, title = null, message, severity = 'info', dedupeKey = null } = given as SendNotificationInput
  const { organizationId, environment, workflowId } = facts
  const channel = findChannel(view, organizationId, name)
  if (channel === undefined)
    return { answer: { error: { code: 'not_found', message: `There is no notification channel '${name}'.` } } }
  if (!channel.active)
    return { answer: { error: { code: 'channel_inactive', message: `The channel '${name}' is switched off.` } } }
  const id = fixedId('ntf', stepIdOf(facts, path), facts.startedAtMs)
  const record = notificationRecord(
    {
      ...{ id, organizationId, environment, channelId: channel.id, kind: null, title, message, severity },
      ...{ data: null, dedupeKey, dedupeMs: DEDUPE_MS, sourceKind: 'workflow', sourceId: workflowId },
      ...{ isRepeatable: false, createdAtMs: nowMs, controlOffset: view.appliedOffset },
    },
    shard,
  )
  return { record, answer: { output: { notificationId: id } } }
}
