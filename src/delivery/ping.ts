/**
 * The test of a webhook (docs/specification/webhooks.md#test): a signed event `webhook.test`, sent at once by the same
 * code as a delivery and recorded like one (trigger `test`), without retries. It is not in the organization's log and
 * has no sequence number.
 */
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { Clock } from '../clock.ts'
import type { ChainTokens } from '../events/chain.ts'
import { schemaHash } from '../json/canonical-json.ts'
import { ClarionError } from '../model/codes.ts'
import { deliveryId, type Ids } from '../model/ids.ts'
import type { Webhook } from '../model/webhooks.ts'
import { type BuildAttempt, loggedAnswer, loggedHeaders } from './request.ts'
import type { AttemptResult, Sender } from './send.ts'

export const TEST_TYPE = 'webhook.test'
export const SINK_TEST_TYPE = 'sink.test'
const SCHEMA_HASH = schemaHash({
  type: 'object',
  properties: { webhookId: { type: 'string' }, message: { type: 'string' } },
})

export interface Ping {
  success: boolean
  deliveryId: string
  eventId: string
  responseStatus: number | null
  responseTimeMs: number
  error: string | null
  errorKind: AttemptRow['errorKind']
}

export interface Pings {
  /** Sends one and returns the result; does not reject for a failing receiver. `recorded`: in the delivery log. */
  send(webhook: Webhook, recorded: boolean): Promise<Ping>
  /** Ownership check: rejects with `ownership_not_verified` unless the receiver answers with 2xx. */
  prove(webhook: Webhook): Promise<void>
}

export function createPings(deps: {
  sender: Sender
  build: BuildAttempt
  chains: ChainTokens
  ids: Ids
  clock: Clock
  /** Appends to the delivery log. */
  record(row: AttemptRow): Promise<void>
}): Pings {
  const { clock, ids } = deps

  async function send(webhook: Webhook, recorded: boolean): Promise<Ping> {
    const event = testEvent(webhook, ids.next('evt'), clock.nowMs())
    const { eventId, organizationId } = event
    const id = deliveryId(eventId, webhook.id)
    const chainToken = deps.chains.sign({ rootEventId: eventId, depth: 0, eventId, organizationId, path: [webhook.id] })
    const payload = Buffer.from(
      JSON.stringify({
        webhookId: webhook.id,
        message: `This is a test of your ${webhook.sink ? 'sink' : 'webhook'}.`,
      }),
    )
    const built = deps.build({
      webhook,
      event,
      payload,
      deliveryId: id,
      attempt: 1,
      replayId: null,
      chainToken,
      nowMs: clock.nowMs(),
    })
    if (built === undefined)
      throw new ClarionError(
        'secret_unreadable',
        'The secret or the headers of the webhook cannot be opened: set both again, and test again.',
      )
    const result = await deps.sender.send({ url: webhook.url, ...built, timeoutMs: webhook.timeoutMs })
    if (recorded) await deps.record(rowOf(ids.next('att'), webhook, event, id, built.headers, result))
    return {
      ...{ success: result.errorKind === null, deliveryId: id, eventId, responseStatus: result.status },
      ...{ responseTimeMs: result.durationMs, error: result.error, errorKind: result.errorKind },
    }
  }

  return {
    send,
    async prove(webhook) {
      const { success, error } = await send(webhook, false)
      if (success) return
      const details = [{ path: '/url', rule: 'ownership', message: error ?? 'no answer' }]
      throw new ClarionError('ownership_not_verified', `The receiver did not take the test: ${error}`, { details })
    },
  }
}

function testEvent(webhook: Webhook, eventId: string, nowMs: number): EventFacts {
  const { organizationId, environment } = webhook
  const type = webhook.sink === undefined ? TEST_TYPE : SINK_TEST_TYPE
  const timeMs = Math.round(nowMs)
  return {
    ...{ eventId, emitId: `cee_${eventId.slice('evt_'.length)}`, organizationId, environment, sequence: 0 },
    ...{
      type,
      canonicalName: `PLATFORM:${organizationId}:${type}@1`,
      kind: null,
      source: 'api',
      subject: webhook.id,
    },
    ...{ actorId: 'system', timeMs, recordedAtMs: timeMs, schemaVersion: '1', schemaHash: SCHEMA_HASH },
    ...{
      correlationId: null,
      causationId: null,
      traceparent: null,
      rootEventId: eventId,
      depth: 0,
      path: [],
      federation: null,
    },
  }
}

function rowOf(
  attemptId: string,
  webhook: Webhook,
  event: EventFacts,
  id: string,
  headers: Record<string, string>,
  result: AttemptResult,
): AttemptRow {
  const { organizationId, environment, eventId, emitId, type, canonicalName, sequence, recordedAtMs } = event
  return {
    ...{
      attemptId,
      deliveryId: id,
      webhookId: webhook.id,
      organizationId,
      environment,
      eventId,
      emitId,
      eventType: type,
      canonicalName,
    },
    ...{
      sequence,
      number: 1,
      maxAttempts: 1,
      trigger: 'test',
      state: result.errorKind === null ? 'success' : 'failed',
      reason: null,
    },
    ...{
      url: webhook.url,
      startedAtMs: Math.round(result.startedAtMs),
      durationMs: result.durationMs,
      connectMs: result.connectMs,
    },
    ...{ queuedMs: 0, dnsMs: result.dnsMs, tlsMs: result.tlsMs, remoteAddress: result.remoteAddress },
    ...{ firstByteMs: result.firstByteMs, responseStatus: result.status },
    requestHeaders: loggedHeaders(headers, webhook.headerNames),
    responseHeaders: loggedAnswer(result),
    responseBody: result.status === null ? null : result.body.toString(),
    ...{
      errorKind: result.errorKind,
      error: result.error,
      nextAttemptAtMs: null,
      replayId: null,
      createdAtMs: recordedAtMs,
    },
  }
}
