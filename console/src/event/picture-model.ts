/** What the picture of an event shows: one line for the emit, and one for each delivery. */
import type { Attempt, Delivery, DeliveryStatus, EventInFull } from '../api/types.ts'

export interface PictureAttempt {
  atMs: number
  lastsMs: number
  isGood: boolean
  errorKind: string | null
  responseStatus: number | null
}

export interface PictureLine {
  id: string
  webhookId: string
  status: DeliveryStatus
  reason: string | null
  attempts: PictureAttempt[]
  /** Of the next attempt; undefined: none is due. */
  nextMs: number | undefined
}

export interface PictureModel {
  judgedMs: number | undefined
  lines: PictureLine[]
  longestMs: number
}

/** Times are milliseconds after the emit was recorded. */
export function pictureOf({ emit, deliveries, attempts }: EventInFull): PictureModel {
  const startMs = Date.parse(emit.recordedAt)
  const since = (at: string) => Math.max(0, Date.parse(at) - startMs)
  const lines = deliveries.map(delivery => lineOf(delivery, attempts, since))
  const judgedMs = emit.judgedAt === null ? undefined : since(emit.judgedAt)
  const ends = lines.flatMap(line => [line.nextMs ?? 0, ...line.attempts.map(each => each.atMs + each.lastsMs)])
  return { judgedMs, lines, longestMs: Math.max(10, judgedMs ?? 0, ...ends) }
}

function lineOf(delivery: Delivery, attempts: readonly Attempt[], since: (at: string) => number): PictureLine {
  const own = attempts
    .filter(each => each.deliveryId === delivery.id && each.attemptId !== null)
    .map(each => ({
      atMs: since(each.startedAt),
      lastsMs: each.durationMs ?? 0,
      isGood: each.errorKind === null,
      errorKind: each.errorKind,
      responseStatus: each.responseStatus,
    }))
    .sort((a, b) => a.atMs - b.atMs)
  return {
    ...{ id: delivery.id, webhookId: delivery.webhookId, status: delivery.status, reason: delivery.reason },
    ...{ attempts: own, nextMs: delivery.nextAttemptAt === null ? undefined : since(delivery.nextAttemptAt) },
  }
}
