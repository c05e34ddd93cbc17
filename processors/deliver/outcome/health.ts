/**
 * What the engine has seen of endpoints (C.10, K-23). A delivery whose attempts are used up makes its webhook `failing`; the first success
 * after it makes it `healthy`. Neither switches it off: only a 410 does, and its owner's `autoDisableAfterDays`.
 *
 *     healthy ──attempts used up──► failing ──success──► healthy
 *                                      └──for as long as its owner allows──► disabled (and off) ──success──► healthy
 *
 * A transition and the notice of it are state of the transaction in which the delivery ended, so there is one of each, whatever crashes.
 * The control plane, which announces and shows it, is told after the commit, again and again until it has heard.
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { ControlView } from '../../../src/control-plane/view.ts'
import type { HealthReport } from '../../../src/control-plane/webhook-health.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/observability/logger.ts'
import {
  deliveryState,
  deliveryStateKeys,
  type NoticeKind,
  type WebhookHealth,
  webhookHealthCodec,
} from '../../../topics/delivery-state.ts'
import type { Delivery } from '../delivery.ts'

const DAY_MS = 86_400_000
const REPORT_AGAIN_MS = 1_000

export interface Health {
  restore(webhookId: string, value: Buffer | null): void
  start(): void
  /** An attempt was taken. Costs one look-up unless the webhook was failing. */
  succeeded(delivery: Delivery): void
  /** An attempt failed. `exhausted`: it was the last one. `gone`: the receiver answered 410. */
  failed(delivery: Delivery, end: 'retrying' | 'exhausted' | 'gone', error: string | null): void
  /** The webhook is gone. */
  forget(webhookId: string): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
  committed(): void
  close(): void
}

/** `version`: which change of it the report under way tells. */
type Endpoint = WebhookHealth & { version: number; reporting: boolean }

export function createHealth(deps: {
  handle: ShardHandle
  view: ControlView
  clock: Clock
  timeScale: number
  logger: Logger
  /** Tells the control plane; idempotent. */
  report(report: HealthReport): Promise<void>
  notice(kind: NoticeKind, delivery: Delivery, error: string | null): void
}): Health {
  const { handle, view, clock } = deps
  const endpoints = new Map<string, Endpoint>()
  const changed = new Set<string>()
  /** Stored, and to be told. */
  let told: string[] = []
  const timers = new Set<Timer>()
  let closed = false

  function change(delivery: Delivery, changes: Pick<WebhookHealth, 'state' | 'sinceMs'> & { deactivate?: boolean }): void {
    const before = endpoints.get(delivery.webhookId)
    endpoints.set(delivery.webhookId, {
      organizationId: delivery.event.organizationId,
      deactivate: false,
      ...changes,
      reported: false,
      version: (before?.version ?? 0) + 1,
      reporting: before?.reporting ?? false,
    })
    changed.add(delivery.webhookId)
  }

  /** Since when; its owner may have switched it on again since it was disabled, which gives it its time anew. */
  function standing(delivery: Delivery): Endpoint | undefined {
    const endpoint = endpoints.get(delivery.webhookId)
    if (endpoint?.state !== 'disabled' || !endpoint.reported) return endpoint
    const webhook = view.find('webhook', delivery.event.organizationId, delivery.webhookId)
    if (webhook?.active && webhook.health === 'disabled') return { ...endpoint, state: 'failing', sinceMs: Math.round(clock.nowMs()) }
    return endpoint
  }

  const hasFailedLongEnough = (delivery: Delivery, { sinceMs }: WebhookHealth): boolean => {
    const days = delivery.attempt?.webhook.autoDisableAfterDays ?? null
    return days !== null && clock.nowMs() - sinceMs >= days * DAY_MS * deps.timeScale
  }

  async function tell(webhookId: string): Promise<void> {
    const endpoint = endpoints.get(webhookId)
    if (!endpoint || endpoint.reported || endpoint.reporting || closed) return
    endpoint.reporting = true
    const { organizationId, state, sinceMs, deactivate, version } = endpoint
    const ok = await deps.report({ organizationId, webhookId, health: state, sinceMs, deactivate }).then(
      () => true,
      error =>
        void deps.logger.warn({ webhook: webhookId, error: String(error) }, 'the health of a webhook could not be told; trying again'),
    )
    if (closed) return
    const now = endpoints.get(webhookId)
    if (!now) return
    now.reporting = false
    if (!ok) return later(webhookId)
    if (now.version !== version) return tell(webhookId)
    now.reported = true
    changed.add(webhookId)
    handle.write([])
  }

  function later(webhookId: string): void {
    const timer = clock.after(REPORT_AGAIN_MS, () => {
      timers.delete(timer)
      void tell(webhookId)
    })
    timers.add(timer)
  }

  return {
    restore(webhookId, value) {
      if (value) endpoints.set(webhookId, { ...webhookHealthCodec.decode(value), version: 0, reporting: false })
      else endpoints.delete(webhookId)
    },
    start() {
      for (const [webhookId, { organizationId }] of endpoints) {
        if (view.find('webhook', organizationId, webhookId)) void tell(webhookId)
        else {
          endpoints.delete(webhookId)
          changed.add(webhookId)
        }
      }
    },
    succeeded(delivery) {
      const endpoint = endpoints.get(delivery.webhookId)
      if (!endpoint || endpoint.state === 'healthy') return
      change(delivery, { state: 'healthy', sinceMs: Math.round(clock.nowMs()) })
      deps.notice('recovered', delivery, null)
    },
    failed(delivery, end, error) {
      const endpoint = standing(delivery)
      const isFailing = endpoint !== undefined && endpoint.state !== 'healthy'
      if (end === 'gone') {
        const { active } = delivery.attempt!.webhook
        if (isFailing && (endpoint.deactivate || !active)) return
        change(delivery, { state: 'failing', sinceMs: isFailing ? endpoint.sinceMs : Math.round(clock.nowMs()), deactivate: true })
        deps.notice('gone', delivery, error)
      } else if (isFailing && endpoint.state === 'failing' && !endpoint.deactivate && hasFailedLongEnough(delivery, endpoint)) {
        change(delivery, { state: 'disabled', sinceMs: endpoint.sinceMs, deactivate: true })
        deps.notice('disabled', delivery, error)
      } else if (!isFailing && end === 'exhausted') {
        change(delivery, { state: 'failing', sinceMs: Math.round(clock.nowMs()) })
        deps.notice('failing', delivery, error)
      }
    },
    forget(webhookId) {
      if (endpoints.delete(webhookId)) changed.add(webhookId)
    },
    seal(partition) {
      const records: OutRecord[] = []
      for (const webhookId of changed) {
        const endpoint = endpoints.get(webhookId)
        const over = !endpoint || (endpoint.state === 'healthy' && endpoint.reported)
        const value = over ? null : webhookHealthCodec.encode(endpoint)
        if (over) endpoints.delete(webhookId)
        else if (!endpoint.reported) told.push(webhookId)
        records.push({ topic: deliveryState.name, partition, key: deliveryStateKeys.ofHealth(webhookId), value })
      }
      changed.clear()
      return records
    },
    committed() {
      if (told.length === 0) return
      const webhookIds = told
      told = []
      for (const webhookId of webhookIds) void tell(webhookId)
    },
    close() {
      closed = true
      for (const timer of timers) timer.cancel()
    },
  }
}
