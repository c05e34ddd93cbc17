/** What sends deliveries and tests: requests to webhooks, and records to sinks. */
import { createSender } from '../delivery/send.ts'
import { createSinkSender } from '../sinks/sink-sender.ts'
import type { Parts } from './parts.ts'

export function openSender({ guard, clock, config, metrics }: Parts) {
  const webhooks = createSender({ guard, clock, connectionAgeMsMax: config.connectionAgeMsMax })
  return createSinkSender(webhooks, { guard, clock, onRecord: metrics.deliver.sinkRecord })
}
