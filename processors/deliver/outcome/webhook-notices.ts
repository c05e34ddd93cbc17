/** Notices about receivers: written to `notifications` in the transaction of what happened, so there is one of each. */
import type { Clock } from '../../../src/clock.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Ids } from '../../../src/model/ids.ts'
import { noticeRecord } from '../../../src/notifications/notices.ts'
import { DEAD_LETTERS_MS, deadLettersNotice, webhookNotice } from '../../../src/notifications/webhook-notices.ts'
import {
  deliveryState,
  deliveryStateKeys,
  type PendingNotice,
  pendingNoticeCodec,
  type WebhookStory,
} from '../../../topics/delivery-state.ts'
import type { Subject } from './health.ts'

const TOLD_MAX = 10_000

export interface WebhookNotices {
  /** A notice that an earlier release had not sent yet. */
  restore(noticeId: string, value: Buffer | null): void
  start(): void
  tell(story: WebhookStory, subject: Subject, error: string | null): void
  deadLetters(of: { organizationId: string; webhookId: string }, count: number, reason: string): void
}

export function createWebhookNotices(deps: {
  handle: ShardHandle
  view: ControlView
  clock: Clock
  ids: Ids
}): WebhookNotices {
  const { handle, view, ids } = deps
  const earlier = new Map<string, PendingNotice>()
  /** By webhook: batches follow each other within seconds. After a restart the dedupe key of the notice holds. */
  const toldOfDeadLetters = new Map<string, number>()

  const factsOf = (organizationId: string, webhookId: string, occurredAtMs = deps.clock.nowMs()) => ({
    ...{ organizationId, webhookId, occurredAtMs },
    organization: view.organization(organizationId),
    webhook: view.find('webhook', organizationId, webhookId),
  })

  /** Handed on under its id; the former record goes in the same transaction. */
  function handOn(noticeId: string, notice: PendingNotice): OutRecord[] {
    const { organizationId, webhookId, kind, occurredAtMs } = notice
    const made = webhookNotice(kind, { ...notice, ...factsOf(organizationId, webhookId, occurredAtMs) })
    const former = { topic: deliveryState.name, partition: handle.shard, value: null }
    return [noticeRecord(made, noticeId, handle.shard), { ...former, key: deliveryStateKeys.ofNotice(noticeId) }]
  }

  return {
    restore(noticeId, value) {
      if (value) earlier.set(noticeId, pendingNoticeCodec.decode(value))
      else earlier.delete(noticeId)
    },
    start() {
      if (earlier.size > 0) handle.write([...earlier].flatMap(([noticeId, notice]) => handOn(noticeId, notice)))
      earlier.clear()
    },
    tell(story, { event, webhookId, deliveryId }, error) {
      const notice = webhookNotice(story, { ...factsOf(event.organizationId, webhookId), deliveryId, error })
      handle.write([noticeRecord(notice, ids.next('ntc'), handle.shard)])
    },
    deadLetters({ organizationId, webhookId }, count, reason) {
      const nowMs = deps.clock.nowMs()
      if (nowMs - (toldOfDeadLetters.get(webhookId) ?? Number.NEGATIVE_INFINITY) < DEAD_LETTERS_MS) return
      if (toldOfDeadLetters.size >= TOLD_MAX) toldOfDeadLetters.delete(toldOfDeadLetters.keys().next().value!)
      toldOfDeadLetters.delete(webhookId)
      toldOfDeadLetters.set(webhookId, nowMs)
      const notice = deadLettersNotice({ ...factsOf(organizationId, webhookId), count, reason })
      handle.write([noticeRecord(notice, ids.next('ntc'), handle.shard)])
    },
  }
}
