/** The action `send_webhook`: a delivery that begins in `deliver`, signed and repeated as any of its webhook. */
import { pathThrough } from '../../../src/events/chain.ts'
import { schemaHash } from '../../../src/json/canonical-json.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId, fixedId } from '../../../src/model/ids.ts'
import { MESSAGE_TYPE } from '../../../src/model/names.ts'
import { isWebhook } from '../../../src/model/webhooks.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import { failed, type InwardCall, type StepAnswer } from './step.ts'

const ANY_SCHEMA_HASH = schemaHash({})
/** As of an emit. */
const PAYLOAD_BYTES_MAX = 262_144

export function webhookMessageOf(
  { live, effect, stepId, nowMs }: InwardCall,
  { view, shard }: { view: Pick<ControlView, 'find'>; shard: number },
): { record?: OutRecord; answer: StepAnswer } {
  const { webhookId, payload: given = null } = effect.with as { webhookId: string; payload?: unknown }
  const { organizationId, environment, workflowId, runId } = live.facts
  const webhook = view.find('webhook', organizationId, webhookId)
  if (webhook?.environment !== environment || !isWebhook(webhook))
    return { answer: failed('not_found', `There is no webhook '${webhookId}'.`) }
  const payload = Buffer.from(JSON.stringify(given))
  if (payload.length > PAYLOAD_BYTES_MAX)
    return { answer: failed('payload_too_large', `The payload is larger than ${PAYLOAD_BYTES_MAX} bytes.`) }
  const event = messageFacts(live.facts, stepId, nowMs)
  const id = deliveryId(event.eventId, webhookId)
  const value = deliveryCommandCodec.encode({
    ...{ commandId: fixedId('cmd', stepId), kind: 'retry', organizationId, webhookId, deliveryId: id, attempts: 0 },
    ...{ actorId: workflowId, requestId: runId },
    record: {
      ...{ event, payload, webhookId, deliveryId: id, attempts: 0, dueAtMs: nowMs, createdAtMs: nowMs },
      ...{ trigger: 'test', replayId: null, once: false },
    },
  })
  const record = { topic: deliveriesCommands.name, partition: shard, key: id, value }
  return { record, answer: { output: { deliveryId: id } } }
}

/** Its ids follow from the step, so that a repetition after a crash has them too. */
function messageFacts(facts: RunFacts, stepId: string, nowMs: number): EventFacts {
  const { organizationId, environment, workflowId, startedAtMs, eventId: cause, rootEventId } = facts
  const eventId = fixedId('evt', stepId, startedAtMs)
  return {
    ...{ eventId, emitId: `cee_${eventId.slice('evt_'.length)}`, organizationId, environment, sequence: 0 },
    ...{ type: MESSAGE_TYPE, canonicalName: `PLATFORM:${organizationId}:${MESSAGE_TYPE}@1`, kind: null },
    ...{ source: `workflow:${workflowId}`, subject: null, actorId: workflowId, timeMs: nowMs, recordedAtMs: nowMs },
    ...{ schemaVersion: '1', schemaHash: ANY_SCHEMA_HASH, correlationId: facts.correlationId, causationId: cause },
    ...{ traceparent: facts.traceparent, rootEventId: rootEventId ?? eventId, depth: facts.depth + 1 },
    ...{ path: pathThrough(facts.path, workflowId), federation: null },
  }
}
