/**
 * Webhooks that are switched off, or were and have not caught up (C.10: nothing is lost while a webhook is off). Of what comes for them only
 * the first and the last sequence number are kept. When one is on again it is fed from the organization's log, in order; what comes
 * meanwhile is noted behind, and when nothing is left between, it goes on live.
 *
 *     live ──off, something comes──► parked ──on──► catching up ──nothing left──► live
 *                                       ▲               │
 *                                       └──────off──────┘
 */
import type { Webhook } from '../../../src/control-plane/records.ts'
import type { ControlView } from '../../../src/control-plane/view.ts'
import { deliveryId, type Ids } from '../../../src/events/ids.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import { catchUpKeys, type ParkedWebhook, parkedWebhookCodec } from '../../../topics/delivery-catch-ups.ts'
import { events } from '../../../topics/events.ts'
import { createStandings } from '../state/changelog-table.ts'
import { type CatchUp, createCatchUp } from './catch-up.ts'
import type { Wanted } from './subscriptions.ts'

export interface Parked {
  restore(webhookId: string, value: Buffer | null): void
  start(): void
  /** Notes a live delivery that must wait, because its webhook is off or catching up; false if it need not. */
  holds(event: EventFacts, webhook: Webhook): boolean
  seal(partition: number): OutRecord[]
  close(): void
}

export interface CatchUpPorts extends Pick<Parameters<typeof createCatchUp>[0], 'pages' | 'clock' | 'logger' | 'timeScale'> {
  view: ControlView
  ids: Ids
  wanted: Wanted
  failing(webhookId: string): boolean
  /** Into the engine; calls back when the first attempt has been made or the delivery was taken care of otherwise. */
  take(record: RetryRecord, left: () => void): void
  /** There is state to commit. */
  changed(): void
  fail(error: Error): void
}

interface Stand extends ParkedWebhook {
  catchUp: CatchUp | undefined
}

export function createParked(ports: CatchUpPorts): Parked {
  const { view, clock } = ports
  const stands = createStandings<Stand>({
    keyOf: catchUpKeys.ofParked,
    encode: ({ catchUp: way, ...stand }) => parkedWebhookCodec.encode({ ...stand, cursors: way?.cursors() ?? stand.cursors }),
    onChange: () => ports.changed(),
  })
  let forget: () => void = () => undefined
  let closed = false

  /** Begins to catch up, goes on, or forgets a webhook that is gone. */
  function follow(webhookId: string): void {
    const stand = stands.get(webhookId)
    if (!stand || closed) return
    const webhook = view.find('webhook', stand.organizationId, webhookId)
    if (!webhook) finish(webhookId, stand)
    else if (stand.catchUp) stand.catchUp.nudge()
    else if (webhook.active) catchUp(webhookId, stand, webhook).catch(error => ports.fail(error as Error))
  }

  async function catchUp(webhookId: string, stand: Stand, { environment, organizationId }: Webhook): Promise<void> {
    const now = () => view.find('webhook', organizationId, webhookId)
    const way = createCatchUp({
      ...ports,
      cursors: stand.cursors,
      stretch: {
        topic: events.nameFor(organizationId, environment),
        partitions: view.organization(organizationId)?.partitions ?? 1,
        organizationId,
        begins: event => event.sequence >= stand.fromSequence,
        ends: event => event.sequence > stand.throughSequence,
        choose: batch => batch.filter(({ event, payload }) => wants(now(), event, payload)),
      },
      inFlightMax: () => now()?.maxInFlight ?? 1,
      halted: () => !now()?.active,
      failing: () => ports.failing(webhookId),
      deliver: ({ event, payload }, left) => ports.take(recordOf(event, payload, webhookId, stand.replayId, clock.nowMs()), left),
      moved: () => stands.touch(webhookId),
    })
    stand.catchUp = way
    for (let through = -1; through !== stand.throughSequence; ) {
      through = stand.throughSequence
      if (!(await way.pass())) return
    }
    if (!closed && stands.get(webhookId) === stand) finish(webhookId, stand)
  }

  function wants(webhook: Webhook | undefined, event: EventFacts, payload: Buffer): boolean {
    if (!webhook) return false
    if (webhook.resumeAfter !== null && event.recordedAtMs < Date.parse(webhook.resumeAfter)) return false
    return ports.wanted(webhook, event, payload)
  }

  function finish(webhookId: string, stand: Stand): void {
    stand.catchUp?.stop()
    stands.end(webhookId)
  }

  return {
    restore(webhookId, value) {
      stands.restore(webhookId, value ? { ...parkedWebhookCodec.decode(value), catchUp: undefined } : undefined)
    },
    start() {
      forget = view.onChange((kind, _organizationId, id) => {
        if (kind === 'webhook') follow(id)
      })
      for (const webhookId of stands.ids()) follow(webhookId)
    },
    holds({ sequence, organizationId }, { id, active }) {
      const stand = stands.get(id)
      if (stand) {
        stand.throughSequence = Math.max(stand.throughSequence, sequence)
        stand.fromSequence = Math.min(stand.fromSequence, sequence)
        stands.touch(id)
      } else if (active) return false
      else {
        const replayId = ports.ids.next('rpl')
        stands.set(id, {
          organizationId,
          replayId,
          fromSequence: sequence,
          throughSequence: sequence,
          cursors: [],
          catchUp: undefined,
        })
      }
      return true
    },
    seal: stands.seal,
    close() {
      closed = true
      forget()
      for (const { catchUp: way } of stands.values()) way?.stop()
    },
  }
}

/** The delivery that a catch-up makes: the one that was not made then, under the id that it would have had, marked as a replay. */
function recordOf(event: EventFacts, payload: Buffer, webhookId: string, replayId: string, nowMs: number): RetryRecord {
  const dueAtMs = Math.round(nowMs)
  const id = deliveryId(event.eventId, webhookId)
  return { event, payload, webhookId, deliveryId: id, attempts: 0, dueAtMs, trigger: 'replay', replayId, once: false, createdAtMs: dueAtMs }
}
