/**
 * The record that a sink gets for one attempt (docs/specification/sinks.md#the-record): the headers of the
 * organization's log and those of the delivery, keyed by the subject.
 */
import { replayOf } from '../events/envelope.ts'
import { eventHeaders } from '../events/log-record.ts'
import { SUBSCRIBERS_HEADER } from '../events/subscribers.ts'
import type { OpenedSink } from '../model/sinks.ts'
import type { AttemptFacts, BuiltAttempt } from './attempt-facts.ts'
import { FORMATS } from './wire-formats/index.ts'

export function sinkRecord(sink: OpenedSink, facts: AttemptFacts): BuiltAttempt {
  const { event, payload, webhook, deliveryId, replayId } = facts
  const headers = Object.fromEntries(
    eventHeaders(event, []).flatMap(([name, value]) =>
      name === SUBSCRIBERS_HEADER ? [] : [[name, String(value)] as const],
    ),
  )
  headers['organization-id'] = event.organizationId
  headers['delivery-id'] = deliveryId
  headers['delivery-attempt'] = String(facts.attempt)
  headers['chain-token'] = facts.chainToken
  const traceparent = facts.traceparent ?? event.traceparent
  if (traceparent !== null) headers.traceparent = traceparent
  if (replayId !== null) headers['replay-id'] = replayId
  const addressed = { sink, key: event.subject }
  if (sink.format === 'payload') return { body: payload, headers, sink: addressed }
  const { contentType, render } = FORMATS.cloudevents
  const delivery = { deliveryId, apiVersion: webhook.apiVersion, replay: replayOf(facts) }
  return {
    body: render(event, payload, delivery),
    headers: { ...headers, 'content-type': contentType },
    sink: addressed,
  }
}
