/**
 * The health of endpoints (docs/specification/webhooks.md#health). A webhook is `failing` when a delivery has used up
 * its attempts, after 20 failed attempts in a row, or after four or more in a row over at least five minutes; the first
 * success after it makes it `healthy`. Neither switches it off: only a 410 does, and its owner's
 * `autoDisableAfterDays`, which counts from then.
 *
 *     healthy ──attempts used up, or a streak──► failing ──success──► healthy
 *                                                  └──for as long as its owner allows──► disabled (and off) ──success──► healthy
 *
 * A failed manual retry, or a failed attempt whose receiver declined that delivery, does not count against the
 * endpoint. Streak, transition and its notice are state in the transaction of the attempt, so there is one of each,
 * whatever crashes. The control plane, which announces and shows the health, gets a report after the commit, repeated
 * until it is acknowledged.
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { HealthReport } from '../../../src/control-plane/webhooks/webhook-health.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import {
  deliveryState,
  deliveryStateKeys,
  type WebhookHealth,
  type WebhookStory,
  webhookHealthCodec,
} from '../../../topics/delivery-state.ts'
import type { Delivery } from '../delivery.ts'

const DAY_MS = 86_400_000
/** This many failures in a row are enough, however fast they come. */
const STREAK_FAILURES = 20
/** This many are enough if they span this time (scaled), by their ends. */
const SLOW_STREAK_FAILURES = 4
const SLOW_STREAK_MS = 5 * 60_000
const REPORT_AGAIN_MS = 1_000

export interface Health {
  restore(webhookId: string, value: Buffer | null): void
  start(): void
  /** An attempt succeeded. Costs one look-up unless the one before had failed. */
  succeeded(delivery: Subject): void
  /** An attempt failed: another one follows, or the reason why none does. */
  failed(delivery: Subject, end: FailedEnd, error: string | null): void
  /** Events of a webhook ended without an attempt, because its endpoint has accepted none for too long. */
  expired(delivery: Subject): void
  /** The webhook is deleted. */
  forget(webhookId: string): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
  committed(): void
  close(): void
}

/**
 * `exhausted`: it was the last one. `gone`: the receiver answered 410. `declined`: it wants no more of this delivery.
 * `single_attempt`: a manual retry.
 */
export type FailedEnd = 'retrying' | 'exhausted' | 'gone' | 'declined' | 'single_attempt'

/** The delivery that caused a transition. */
export type Subject = Pick<Delivery, 'webhookId' | 'deliveryId'> & { event: Pick<Delivery['event'], 'organizationId'> }

/** `version`: the change that the report under way carries. */
type Endpoint = WebhookHealth & { version: number; reporting: boolean }

export function createHealth(deps: {
  handle: ShardHandle
  view: ControlView
  clock: Clock
  timeScale: number
  logger: Logger
  /** Reports to the control plane; idempotent. */
  report(report: HealthReport): Promise<void>
  notice(story: WebhookStory, delivery: Subject, error: string | null): void
}): Health {
  const { handle, view, clock } = deps
  const endpoints = new Map<string, Endpoint>()
  const changed = new Set<string>()
  /** Stored, and not reported yet. */
  let unreported: string[] = []
  const timers = new Set<Timer>()
  let closed = false

  const webhookOf = ({ event, webhookId }: Subject) => view.find('webhook', event.organizationId, webhookId)
  const nowMs = () => Math.round(clock.nowMs())

  function change(
    delivery: Subject,
    changes: Pick<WebhookHealth, 'state' | 'sinceMs'> & { deactivate?: boolean },
  ): void {
    const before = endpoints.get(delivery.webhookId)
    endpoints.set(delivery.webhookId, {
      organizationId: delivery.event.organizationId,
      deactivate: false,
      ...changes,
      failures: 0,
      firstFailureAtMs: 0,
      reported: false,
      version: (before?.version ?? 0) + 1,
      reporting: before?.reporting ?? false,
    })
    changed.add(delivery.webhookId)
  }

  /**
   * The current health; the time starts anew for a webhook that was disabled and that its owner has activated since.
   */
  function standing(delivery: Subject): Endpoint | undefined {
    const endpoint = endpoints.get(delivery.webhookId)
    // The control plane answers a report when this process's view shows its effect.
    if (!endpoint?.deactivate || !endpoint.reported || !webhookOf(delivery)?.active) return endpoint
    const state = endpoint.state === 'disabled' ? 'healthy' : endpoint.state
    const anew: Endpoint = { ...endpoint, state, deactivate: false }
    endpoints.set(delivery.webhookId, anew)
    changed.add(delivery.webhookId)
    return anew
  }

  function hasFailedLongEnough(delivery: Subject, { sinceMs }: WebhookHealth): boolean {
    const days = webhookOf(delivery)?.autoDisableAfterDays ?? null
    return days !== null && clock.nowMs() - sinceMs >= days * DAY_MS * deps.timeScale
  }

  function disableIfItIsTime(delivery: Subject, endpoint: Endpoint, error: string | null): void {
    if (endpoint.state !== 'failing' || endpoint.deactivate || !hasFailedLongEnough(delivery, endpoint)) return
    change(delivery, { state: 'disabled', sinceMs: endpoint.sinceMs, deactivate: true })
    deps.notice('disabled', delivery, error)
  }

  /** Counts one more failed attempt of a healthy webhook; returns whether they are enough. */
  function addFailure({ event: { organizationId }, webhookId }: Subject): boolean {
    const before = endpoints.get(webhookId)
    const failures = (before?.failures ?? 0) + 1
    const firstFailureAtMs = failures === 1 ? nowMs() : before!.firstFailureAtMs
    const healthy = {
      organizationId,
      state: 'healthy',
      sinceMs: nowMs(),
      deactivate: false,
      reported: true,
      version: 0,
      reporting: false,
    } as const
    endpoints.set(webhookId, { ...(before ?? healthy), failures, firstFailureAtMs })
    changed.add(webhookId)
    if (failures >= STREAK_FAILURES) return true
    return failures >= SLOW_STREAK_FAILURES && nowMs() - firstFailureAtMs >= SLOW_STREAK_MS * deps.timeScale
  }

  async function report(webhookId: string): Promise<void> {
    const endpoint = endpoints.get(webhookId)
    if (!endpoint || endpoint.reported || endpoint.reporting || closed) return
    endpoint.reporting = true
    const { organizationId, state, sinceMs, deactivate, version } = endpoint
    const ok = await deps.report({ organizationId, webhookId, health: state, sinceMs, deactivate }).then(
      () => true,
      error =>
        void deps.logger.warn(
          { webhook: webhookId, error: String(error) },
          'the health of a webhook could not be reported; trying again',
        ),
    )
    if (closed) return
    const now = endpoints.get(webhookId)
    if (!now) return
    now.reporting = false
    if (!ok) return later(webhookId)
    if (now.version !== version) return report(webhookId)
    now.reported = true
    changed.add(webhookId)
    handle.write([])
  }

  function later(webhookId: string): void {
    const timer = clock.after(REPORT_AGAIN_MS, () => {
      timers.delete(timer)
      void report(webhookId)
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
        if (view.find('webhook', organizationId, webhookId)) void report(webhookId)
        else {
          endpoints.delete(webhookId)
          changed.add(webhookId)
        }
      }
    },
    succeeded(delivery) {
      const endpoint = endpoints.get(delivery.webhookId)
      if (!endpoint) return
      if (endpoint.state !== 'healthy') {
        change(delivery, { state: 'healthy', sinceMs: nowMs() })
        deps.notice('recovered', delivery, null)
      } else if (endpoint.failures > 0) {
        endpoints.set(delivery.webhookId, { ...endpoint, failures: 0, firstFailureAtMs: 0 })
        changed.add(delivery.webhookId)
      }
    },
    failed(delivery, end, error) {
      if (end === 'declined' || end === 'single_attempt') return
      const endpoint = standing(delivery)
      const isFailing = endpoint !== undefined && endpoint.state !== 'healthy'
      if (end === 'gone') {
        if (isFailing && (endpoint.deactivate || !webhookOf(delivery)?.active)) return
        change(delivery, { state: 'failing', sinceMs: isFailing ? endpoint.sinceMs : nowMs(), deactivate: true })
        deps.notice('gone', delivery, error)
      } else if (isFailing) disableIfItIsTime(delivery, endpoint, error)
      else if (addFailure(delivery) || end === 'exhausted') {
        change(delivery, { state: 'failing', sinceMs: nowMs() })
        deps.notice('failing', delivery, error)
      }
    },
    expired(delivery) {
      const endpoint = standing(delivery)
      if (endpoint !== undefined && endpoint.state !== 'healthy') disableIfItIsTime(delivery, endpoint, null)
    },
    forget(webhookId) {
      if (endpoints.delete(webhookId)) changed.add(webhookId)
    },
    seal(partition) {
      const records: OutRecord[] = []
      for (const webhookId of changed) {
        const endpoint = endpoints.get(webhookId)
        const isObsolete = !endpoint || (endpoint.state === 'healthy' && endpoint.reported && endpoint.failures === 0)
        const value = isObsolete ? null : webhookHealthCodec.encode(endpoint)
        if (isObsolete) endpoints.delete(webhookId)
        else if (!endpoint.reported) unreported.push(webhookId)
        records.push({ topic: deliveryState.name, partition, key: deliveryStateKeys.ofHealth(webhookId), value })
      }
      changed.clear()
      return records
    },
    committed() {
      if (unreported.length === 0) return
      const webhookIds = unreported
      unreported = []
      for (const webhookId of webhookIds) void report(webhookId)
    },
    close() {
      closed = true
      for (const timer of timers) timer.cancel()
    },
  }
}
