/**
 * Forwards events as deliveries to a program on this machine: the body and the headers of the platform, one attempt.
 */
import type { Clock, Random } from '../clock.ts'
import type { LogEvent } from '../kafka/log-event.ts'
import { type SignOptions, signatureHeaders } from '../webhooks/sign.ts'

const TIMEOUT_MS = 30_000
/** The version of webhooks that are created today. */
const API_VERSION = '2026-01-01'
const CONTENT_TYPE = 'application/json; charset=utf-8'

export interface Forwarding {
  url: string
  secret: string
  profile: NonNullable<SignOptions['profile']>
  clock: Clock
  random: Random
  /** Cancels the current attempt. */
  signal: AbortSignal
  note(text: string): void
}

/** Never throws: an error is printed, and the next event is sent. */
export function createForwarder({ url, secret, profile, clock, random, signal, note }: Forwarding) {
  return async (event: LogEvent): Promise<void> => {
    const deliveryId = `dlv_listen_${random.id()}`
    const timestampS = Math.floor(clock.nowMs() / 1_000)
    const body = bodyOf(event, deliveryId)
    const headers = {
      'content-type': CONTENT_TYPE,
      'user-agent': 'Clarion-Listen/0.1',
      'x-event-id': event.id,
      'x-event-sequence': String(event.sequence),
      'x-delivery-id': deliveryId,
      'x-delivery-attempt': '1',
      ...signatureHeaders(body, { secrets: [secret], id: deliveryId, timestampS, profile }),
      ...(profile === 'event' ? { 'x-event-type': event.type } : {}),
    }
    const startedMs = clock.nowMs()
    const controller = new AbortController()
    const timer = clock.after(TIMEOUT_MS, () => controller.abort(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)))
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.any([controller.signal, signal]),
      })
      await response.body?.cancel()
      note(`  ${response.ok ? 'ok' : 'FAILED'}  ${response.status} from ${url} in ${clock.nowMs() - startedMs} ms`)
    } catch (error) {
      if (signal.aborted) return note(`  interrupted  ${url}: whether the event arrived is not known`)
      const { cause, message } = error as { cause?: { message?: string; code?: string }; message: string }
      note(`  FAILED  ${url}: ${cause?.message || cause?.code || message}`)
    } finally {
      timer.cancel()
    }
  }
}

/** The default wire format; `data` is the payload's own text. */
function bodyOf({ id, payloadJson, data: _data, kind: _kind, ...event }: LogEvent, deliveryId: string): string {
  const envelope = { id, deliveryId, apiVersion: API_VERSION, ...event, replay: null }
  return `${JSON.stringify(envelope).slice(0, -1)},"data":${payloadJson}}`
}
